import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openSse } from '../support/clients.js'
import { lookAlike } from '../support/epochs.js'
import { build, untilReady } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { type RedisServer, startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

/** What the documentation says of each way in which Redis keeps its data, when `redis-server` is killed. */
const SETTINGS = [
  { name: 'no persistence', args: [], lost: true, keepsRetries: false },
  { name: 'snapshots', args: ['--dbfilename', 'dump.rdb'], snapshot: true, lost: true, keepsRetries: false },
  {
    name: 'AOF, appendfsync no',
    args: ['--appendonly', 'yes', '--appendfsync', 'no'],
    lost: false,
    mayBeLost: true,
    keepsRetries: true,
  },
  {
    name: 'AOF, everysec',
    args: ['--appendonly', 'yes', '--appendfsync', 'everysec'],
    lost: false,
    mayBeLost: true,
    keepsRetries: true,
  },
  { name: 'AOF, always', args: ['--appendonly', 'yes', '--appendfsync', 'always'], lost: false, keepsRetries: true },
]

/** Redis does not say whether only its process died, or the machine with what had not been written to disk. */
const outcomeOf = (lost: boolean, mayBeLost: boolean) =>
  lost
    ? 'reports a loss'
    : mayBeLost
      ? 'loses nothing, and reports that it may have'
      : 'loses nothing, and reports no gap'

for (const { name, args, snapshot = false, lost, mayBeLost = lost, keepsRetries } of SETTINGS)
  t.test(`${name}: ${outcomeOf(lost, mayBeLost)} when redis-server is killed`, async t => {
    const dir = await mkdtemp(join(tmpdir(), 'carillon-persistence-'))
    const port = await freePort()
    const redis = await startRedis(t, { port, args, dir })
    t.teardown(() => rm(dir, { recursive: true, force: true }))
    const { url } = await build(t, { redisUrl: redis.url, config: { HISTORY: '*' } })
    const publish = async (data: string) => {
      const headers = { 'idempotency-key': `key-${data}` }
      const answer = await fetch(`${url}/channels/news`, { method: 'POST', body: data, headers })
      t.equal(answer.status, 200)
      return (await answer.json()) as { id: string; replayed?: boolean }
    }
    const stays = await openSse(t, `${url}/channels/news/events`)
    const goes = await openSse(t, `${url}/channels/news/events`)
    await publish('m1')
    await publish('m2')
    if (snapshot) await redis.cli('SAVE')
    await publish('m3')
    const [, , third] = await goes.take(3)
    goes.close()
    if (!lost) await written(redis)
    await redis.stop('SIGKILL')
    await startRedis(t, { port, args, dir })
    await untilReady(url)

    const told = mayBeLost ? ['gap history_reset'] : []
    t.same(await outline(stays, 3 + told.length), ['m1', 'm2', 'm3', ...told], 'who stays is told at once')
    const fourth = await publish('m4')
    t.same(await outline(stays, 1), ['m4'], 'and goes on')
    const back = await openSse(t, `${url}/channels/news/events`, { 'last-event-id': third?.id ?? '' })
    await publish('m5')
    const missed = !snapshot && lost && lookAlike(third?.id ?? '', fourth.id) ? [] : ['m4']
    t.same(await outline(back, told.length + missed.length + 1), [...told, ...missed, 'm5'], 'who comes back')
    const again = await publish('m3')
    t.equal(again.replayed === true, keepsRetries, 'a retry of what was published before')
  })

/** Waits until the log has been handed to the system: while an `fsync` runs, Redis holds back what it would write. */
async function written(redis: RedisServer): Promise<void> {
  await until(
    async () => /^aof_buffer_length:0\r?$/m.test(await redis.cli('INFO', 'persistence')),
    'an empty buffer of the log',
  )
}

async function outline(stream: Awaited<ReturnType<typeof openSse>>, count: number): Promise<string[]> {
  const events = await stream.take(count)
  return events.map(({ event, data }) => (event === 'gap' ? `gap ${JSON.parse(data).reason}` : data))
}
