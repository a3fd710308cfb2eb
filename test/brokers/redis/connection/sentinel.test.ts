import t from 'tap'
import { RedisBroker } from '../../../../src/brokers/redis/broker.js'
import { silentLogger } from '../../../../src/telemetry/logger.js'
import { SentinelTopology } from '../../../faults/rig/sentinel.js'
import { Signal } from '../../../faults/rig/signal.js'
import { openSse } from '../../../support/clients.js'
import { Flow } from '../../../support/flow.js'
import { build, untilReady } from '../../../support/gateway.js'
import { startOnUnavailableRedis } from '../../../support/unavailable-redis.js'
import { until } from '../../../support/until.js'

const sentinels = await SentinelTopology.start(t, new Signal())
const ports = [...sentinels.url().matchAll(/:(\d+)/g)].map(([, port]) => port ?? '')

async function startGateway(t: Parameters<typeof build>[0]) {
  const broker = new RedisBroker({ url: sentinels.url(), timeout: 900 }, silentLogger)
  const { url } = await build(t, { broker })
  await untilReady(url)
  return { url, publish: (body: string) => fetch(`${url}/channels/news`, { method: 'POST', body }) }
}

t.test('finds the master through the Sentinels', async t => {
  const { url, publish } = await startGateway(t)
  const stream = await openSse(t, `${url}/channels/news/events`)
  await sentinels.node(await sentinels.master()).cli('PUBLISH', 'news', 'native')
  t.equal((await stream.next()).data, 'native')
  t.match(await (await publish('own')).json(), { receivers: 1 })
  t.equal((await stream.next()).data, 'own')
})

t.test('a master that was demoted by hand takes no publish, from then on', async t => {
  const { publish } = await startGateway(t)
  const port = await sentinels.master()
  const [other] = sentinels.ports.filter(candidate => candidate !== port)
  t.equal((await publish('before')).status, 200)
  t.equal(await sentinels.node(port).cli('REPLICAOF', '127.0.0.1', `${other}`), 'OK')
  const statuses = new Set<number>()
  for (let i = 0; i < 50; i++) statuses.add((await publish('x')).status)
  t.equal(await sentinels.role(port), 'slave', 'it was one all the time')
  t.same(
    [...statuses].filter(status => status !== 503 && status !== 504),
    [],
  )
  t.equal(await sentinels.node(port).cli('REPLICAOF', 'NO', 'ONE'), 'OK')
  await until(async () => (await publish('after')).status === 200, 'it takes publishes as a master again')
})

t.test(
  'goes with the master, when it is moved and when it is killed, and tells one gap or two for each channel',
  async t => {
    const channels = ['a', 'b', 'c', 'd']
    const [from, to] = [await startGateway(t), await startGateway(t)]
    const flow = await Flow.start(t, from.url, to.url, channels)
    await flow.untilHeard(20)
    t.same(flow.gaps, [])
    for (const fault of ['moved', 'killed']) {
      const old = await sentinels.master()
      const before = flow.gaps.length
      if (fault === 'moved') await sentinels.failOver()
      else await sentinels.node(old).stop('SIGKILL')
      await sentinels.untilAnotherMaster(old)
      const told = (name: string) => flow.gaps.slice(before).some(({ channel }) => channel === name)
      await until(() => channels.every(told), `a gap on each channel when the master is ${fault}`)
      await flow.untilHeard(30)
      await untilReady(from.url)
      const counts = channels.map(name => flow.gaps.slice(before).filter(({ channel }) => channel === name).length)
      t.equal(new Set(counts).size, 1, 'the same for each channel')
      // The Sentinels cut whoever is connected to a node that changes its role; a gateway may have left it before.
      t.ok(
        counts.every(count => count === 1 || count === 2),
        `a gap or two when the master is ${fault}: ${counts}`,
      )
    }
    await flow.judge(t)
  },
)

t.test('says that the Sentinels refuse it, until they take its password', async t => {
  const node = sentinels.node(await sentinels.master())
  const acl = async (...rules: string[]) => {
    for (const port of ports) await node.cli('-p', port, 'ACL', 'SETUSER', 'default', ...rules)
  }
  await acl('resetpass', '>other')
  const sentinel = { password: 'secret' }
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, { url: sentinels.url(), sentinel })
  await expectUnavailable('the Sentinels refuse the gateway; see REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD')
  for (const port of ports)
    await node.cli('-p', port, '--no-auth-warning', '-a', 'other', 'ACL', 'SETUSER', 'default', '>secret')
  await expectRecovery()
})
