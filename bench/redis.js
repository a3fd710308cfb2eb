import { publishBare } from './bare-publishes.js'
import { alternate, spread } from './publishes.js'
import { startRedis } from './servers.js'

/*
 * npm run bench:redis [ROUNDS, 5 unless told]
 *
 * The cost of a publish for Redis, by how many come together and how long nothing comes between: a process that has slept finds
 * its caches cold. A gateway is busy between two writes, with the requests of the next one.
 */
const rounds = Number(process.argv[2] ?? 5)
const redis = await startRedis()
if (!redis) throw new Error('redis-server is not installed')
const modes = Object.fromEntries(
  [1, 16, 48].flatMap(together =>
    [0, 1, 3].map(pauseMs => [`${together} together, ${pauseMs} ms between`, { together, pauseMs }]),
  ),
)
try {
  const found = await alternate(Object.keys(modes), rounds, async name => {
    const { together, pauseMs } = modes[name]
    const writes = pauseMs === 0 ? 20_000 / together : 1000 / pauseMs
    return publishBare(redis, { together, pauseMs, count: Math.ceil(writes) * together })
  })
  console.log('CPU of Redis for one publish of 200 bytes that nobody hears, in microseconds: median (range)')
  for (const [name, costs] of Object.entries(found)) console.log(`${name}: ${spread(costs)}`)
} finally {
  await redis.stop()
}
