import closeWithGrace from 'close-with-grace'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import carillon, { serverOptions } from './app.js'
import type { Broker } from './broker.js'
import { MemoryBroker } from './brokers/memory.js'
import type { Config } from './config.js'

/** The process: settings → broker → app → listen → signals. Resolves when it listens. */
export async function serve(config: Config): Promise<FastifyInstance> {
  const app = Fastify({
    ...serverOptions(config),
    logger: { level: config.LOG_LEVEL },
    logController: new LogController({ disableRequestLogging: true }),
  })
  await app.register(carillon, { config, broker: await createBroker(config, app.log) })
  closeWithGrace({ delay: config.DRAIN_SECONDS * 1000, logger: app.log }, async ({ err, signal }) => {
    if (err) app.log.fatal({ err }, 'stopping after an error')
    else app.log.info({ signal }, 'stopping')
    await app.close()
  })
  await app.listen({ port: config.PORT, host: config.HOST })
  return app
}

async function createBroker({ REDIS_URL, REDIS_TIMEOUT_MS }: Config, log: FastifyInstance['log']): Promise<Broker> {
  if (REDIS_URL === undefined) return new MemoryBroker()
  const { RedisBroker } = await import('./brokers/redis/index.js') // not loaded where there is no Redis
  return new RedisBroker({ url: REDIS_URL, timeout: REDIS_TIMEOUT_MS }, log)
}
