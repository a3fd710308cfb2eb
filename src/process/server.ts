import closeWithGrace from 'close-with-grace'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import { rereadConfigFiles } from '../access/watched-file.js'
import carillon, { serverOptions } from '../app.js'
import { createBroker } from '../brokers/registry.js'
import type { Config } from '../config/config.js'
import { createGateway, drain, type GatherMetrics } from '../gateway.js'
import { logOutput } from '../telemetry/log-output.js'
import { serializers } from '../telemetry/server-log.js'
import type { Tracing } from '../telemetry/tracing.js'
import { endConnections } from './end-connections.js'
import { FAULT_SIGNALS, isAtTerminal, STOP_SIGNALS, type StopSignal } from './signals.js'

/** The parts that a worker gets from its primary. */
export interface Primary {
  readonly stopRequested: Promise<StopSignal>
  readonly gather: GatherMetrics
}

/**
 * The process: settings → broker → app → listen → signals. Resolves when it listens. A worker is
 * told by its primary to stop, and the signals are not its own.
 */
export async function serve(config: Config, primary?: Primary): Promise<FastifyInstance> {
  const output = await logOutput()
  const app = Fastify({
    ...serverOptions(config),
    logger: { level: config.LOG_LEVEL, serializers, stream: output },
    logController: new LogController({ disableRequestLogging: true }),
  })
  const tracing = await createTracing(config)
  if (tracing) await app.register(tracing.plugin)
  const broker = await createBroker(config, app.log)
  const gateway = createGateway(config, tracing?.trace(broker) ?? broker, { ...primary, log: app.log })
  await app.register(carillon, { gateway })
  // A second signal, or the end of the time, ends the process at once.
  let told: StopSignal | undefined
  const rereads = primary !== undefined || !isAtTerminal
  const skip = [...FAULT_SIGNALS, ...(primary ? STOP_SIGNALS : []), ...(rereads ? (['SIGHUP'] as const) : [])]
  const options = { delay: config.DRAIN_SECONDS * 1000, logger: app.log, skip }
  const { close } = closeWithGrace(options, async ({ err, signal = told }) => {
    if (err) app.log.fatal({ err }, 'stopping after an error')
    else app.log.info({ signal }, 'draining')
    // Behind Ctrl-C sits a person, not a load balancer.
    if (!err) await drain(gateway, signal === 'SIGINT' || signal === 'SIGHUP' ? { delay: 0 } : {})
    await endConnections(app.server)
    await app.close()
    app.log.info('stopped')
    await output.flush(FLUSH_MS)
  })
  primary?.stopRequested.then(signal => {
    told = signal
    close()
  })
  if (rereads)
    process.on('SIGHUP', () => {
      if (isAtTerminal) return // the primary of this worker hears it too, and tells when to stop
      app.log.info('SIGHUP: reading the configuration files again')
      rereadConfigFiles()
    })
  await app.listen({ port: config.PORT, host: config.HOST })
  return app
}

/** How long the last lines of the log may take. A pipe that is read takes less, and one that is not takes none. */
const FLUSH_MS = 200

async function createTracing(config: Config): Promise<Tracing | undefined> {
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT
  if (endpoint === undefined) return undefined
  const { createTracing } = await import('../telemetry/tracing.js') // not loaded where there is none
  return createTracing({ endpoint, service: config.OTEL_SERVICE_NAME, ratio: config.OTEL_TRACES_SAMPLER_ARG })
}
