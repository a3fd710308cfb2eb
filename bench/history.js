import { randomUUID } from 'node:crypto'
import { alternate, CONNECTIONS, spread, timePublishes } from './publishes.js'
import { startRedis, systems } from './servers.js'

/*
 * The cost of a history and an Idempotency-Key for a publish: one gateway, one Redis, and in each round the
 * same number of publishes in every mode, in turns. Ratios are to the default mode of the round.
 *
 *     npm run build && npm run bench:history [publishes] [rounds] [bytes]
 */
const [publishes = 5000, rounds = 5, bytes = 100] = process.argv.slice(2).map(Number)
const body = Buffer.alloc(bytes, 'x')
const headersOf = () => ({ 'idempotency-key': randomUUID() })

const MODES = {
  default: { path: '/channels/plain' },
  'event type': { path: '/channels/plain?event=price' },
  history: { path: '/channels/kept' },
  key: { path: '/channels/plain', headersOf },
  'history and key': { path: '/channels/kept', headersOf },
}

const redis = await startRedis()
if (!redis) throw new Error('this bench needs redis-server')
const gateway = await systems.gateway(redis.port, {
  HISTORY: 'kept',
  // A busy machine must not turn the figures into refusals.
  REDIS_TIMEOUT_MS: '10000',
})
const pids = { gateway: gateway.pid, redis: redis.pid }

try {
  const results = await alternate(Object.keys(MODES), rounds, name =>
    timePublishes({ port: gateway.port, body, publishes, pids, ...MODES[name] }),
  )
  console.log(
    `${publishes} publishes of ${bytes} bytes in each of ${rounds} rounds, ${CONNECTIONS} connections; medians (range)`,
  )
  console.table(
    Object.fromEntries(
      Object.entries(results).map(([name, figures]) => {
        const ratio = key => spread(figures.map((figure, round) => figure[key] / results.default[round][key]))
        return [
          name,
          {
            'µs of wall': spread(figures.map(({ wall }) => wall)),
            'µs of gateway': spread(figures.map(({ gateway }) => gateway)),
            'µs of Redis': spread(figures.map(({ redis }) => redis)),
            'gateway / default': ratio('gateway'),
            'Redis / default': ratio('redis'),
            'wall / default': ratio('wall'),
          },
        ]
      }),
    ),
  )
} finally {
  await gateway.stop()
  await redis.stop()
}
