import { setTimeout as pause } from 'node:timers/promises'
import type { Gateway } from '../rig/gateway.js'
import { type Form, Listener } from '../rig/listener.js'
import type { FreezingProxy } from '../rig/proxy.js'
import type { Rig } from '../rig/rig.js'
import type { Scenario } from '../rig/scenario.js'

/** What becomes of the histories while a gateway is cut off. */
const LOSSES = {
  flushall: {
    words: 'FLUSHALL',
    lose: async (rig: Rig) => {
      await rig.redis.cli('FLUSHALL')
    },
  },
  restart: {
    words: 'a restart without persistence',
    lose: async (rig: Rig) => {
      await rig.redis.kill()
      await rig.redis.start()
    },
  },
  delete: {
    words: 'DELETE of the histories',
    lose: async (rig: Rig, channels: readonly string[], gateway: Gateway) => {
      for (const channel of channels) await deleteHistory(rig, gateway, channel)
    },
  },
} as const

type Loss = (typeof LOSSES)[keyof typeof LOSSES]

/**
 * A gateway is cut off; a replica is promoted while the old master still takes what is published; then all are led
 * to the replica, whose numbers go on where the listener of the first gateway stood.
 */
const partitionedFailover = (key: string, loss?: Loss): Scenario => ({
  name: `partitioned-failover${key}`,
  fault: `a gateway cut off during a failover${loss ? `, then ${loss.words}` : ''}`,
  withHistory: { keeps: false },
  async run(rig) {
    const { proxy, others, gateway } = chosen(rig)
    const replica = await rig.redis.startReplica()
    const fault = await rig.fault(async () => {
      await cutOff(rig, gateway, proxy)
      await replica.promote()
      await pause(500) // the old master goes on, and what it takes now is lost
      await withoutRetries(rig, () => replica.takeOver())
      const ready = await rig.signal.until(() => rig.gateways.every(it => it.ready), 15_000)
      rig.expect(ready, 'the gateways did not reach the new master')
      await withoutRetries(rig, async () => loss?.lose(rig, rig.channels, others[0] as Gateway)) // there are three
    })
    await rig.recover(fault)
    expectGaps(rig, fault.startedAt)
  },
})

const FORMS: readonly Form[] = ['sse', 'ndjson', 'ws', 'session']

/** Listeners of all forms on a channel without messages; what is published while their gateway is cut off is lost. */
const emptyChannel = (key: string, { words, lose }: Loss): Scenario => ({
  name: `empty-channel-${key}`,
  fault: `a channel without messages: a gateway cut off, two publishes, ${words}`,
  withHistory: { keeps: false },
  async run(rig) {
    const { proxy, others, gateway } = chosen(rig)
    const other = others[0] as Gateway // there are three
    const channel = 'silent.1'
    const topics = [{ kind: 'channel', name: channel }] as const
    const listeners = FORMS.flatMap(form =>
      ['stays', 'leaves'].map(
        what =>
          new Listener({
            name: `${form} that ${what}`,
            form,
            topics,
            gateway: () => gateway,
            reconnect: true,
            resumes: true,
            asksForPosition: true,
            signal: rig.signal,
          }),
      ),
    )
    for (const listener of listeners) listener.open()
    const live = await rig.signal.until(() => listeners.every(it => it.live && it.isPlaced), 10_000)
    rig.expect(live, 'not every stream on the channel without messages was told where it stands')
    const fault = await rig.fault(async () => {
      await cutOff(rig, gateway, proxy)
      for (const data of ['one', 'two']) await publish(rig, other, channel, data)
      for (const listener of listeners) if (listener.name.endsWith('leaves')) listener.leave()
      await withoutRetries(rig, () => lose(rig, [channel], other))
      await rig.signal.until(() => other.ready, 15_000)
      proxy.leadTo(rig.redis.port)
    })
    await rig.recover(fault)
    await rig.signal.until(() => listeners.every(it => it.live), 10_000)
    await publish(rig, other, channel, 'three')
    const isTold = ({ sessions }: Listener) =>
      sessions.some(({ deliveries }) => deliveries.some(({ id }) => id === 'three'))
    await rig.signal.until(() => listeners.every(isTold), 10_000)
    for (const listener of listeners) {
      const { name, sessions } = listener
      const gaps = sessions.flatMap(session => session.gaps)
      const got = sessions.flatMap(({ deliveries }) => deliveries.map(({ id }) => id))
      rig.expect(gaps.length > 0, `${name} missed "one" and "two", and was told no gap`)
      rig.expect(`${got}` === 'three', `${name} got ${got.join(', ') || 'nothing'}, and not "three" alone`)
      listener.close()
    }
  },
})

export const anotherHistory: readonly Scenario[] = [
  partitionedFailover(''),
  ...Object.entries(LOSSES).map(([key, loss]) => partitionedFailover(`-${key}`, loss)),
  ...Object.entries(LOSSES).map(([key, loss]) => emptyChannel(key, loss)),
]

function chosen(rig: Rig): { gateway: Gateway; others: readonly Gateway[]; proxy: FreezingProxy } {
  const at = rig.chance.integer(0, rig.gateways.length)
  const [gateway, proxy] = [rig.gateways[at], rig.redis.proxies[at]]
  if (!gateway || !proxy) throw new Error('each gateway has a proxy')
  return { gateway, proxy, others: rig.gateways.filter(it => it !== gateway) }
}

/** The keys of retries are lost with the histories: a publisher that tried again across that would publish twice. */
async function withoutRetries(rig: Rig, body: () => Promise<void>): Promise<void> {
  rig.load.pause()
  await rig.signal.until(() => rig.load.open === 0, 30_000)
  await body()
  rig.load.start()
}

async function cutOff(rig: Rig, gateway: Gateway, proxy: FreezingProxy): Promise<void> {
  proxy.leadTo(NOWHERE)
  rig.expect(await rig.signal.until(() => !gateway.ready, 5000), 'the gateway did not notice that it is cut off')
}

async function publish(rig: Rig, gateway: Gateway, channel: string, data: string): Promise<void> {
  const answer = await fetch(`${gateway.url}/channels/${channel}`, { method: 'POST', body: data })
  rig.expect(answer.status === 200, `the publish of "${data}" was answered ${answer.status}`)
}

async function deleteHistory(rig: Rig, gateway: Gateway, channel: string): Promise<void> {
  const answer = await fetch(`${gateway.url}/channels/${channel}/history`, { method: 'DELETE' })
  rig.expect(answer.status === 204, `the DELETE of ${channel} was answered ${answer.status}`)
}

/** Every stream was told on each of its topics that something may be missing. */
function expectGaps(rig: Rig, since: number): void {
  for (const { name, form, topics, sessions } of rig.listeners) {
    const gaps = sessions.flatMap(session => session.gaps).filter(({ at }) => at >= since)
    for (const topic of topics)
      rig.expect(
        gaps.some(gap => gap.name === topic.name),
        `${name} (${form}) was told no gap on ${topic.name}`,
      )
  }
}

/** Nothing listens there. */
const NOWHERE = 1
