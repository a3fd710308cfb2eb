import { once } from 'node:events'
import { connect } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { expectNoGaps } from '../rig/expectations.js'
import type { Gateway } from '../rig/gateway.js'
import { holdingsOf, WITH_HOLDINGS } from '../rig/holdings.js'
import type { Chance } from '../rig/prng.js'
import { descriptorsOf, memoryOf } from '../rig/proc.js'
import type { Rig } from '../rig/rig.js'
import type { Scenario } from '../rig/scenario.js'
import { poll } from '../rig/signal.js'
import { streamRequest } from '../rig/stuck.js'

const AT_ONCE = 100
const CHANNELS = Array.from({ length: 20 }, (_, i) => `churn.${i}`)

/** What a gateway's heap may gain over the second half of the connections: a tenth of a kilobyte for each would be seen. */
const MAX_GROWTH_BYTES = 256 * 1024

/** Very many clients come and go, each in its own way, and leave nothing behind. */
export const churn: Scenario = {
  name: 'churn',
  fault: '10,000 connections churned',
  options: { environment: WITH_HOLDINGS },
  async run(rig, length) {
    // The first ones fill what a process fills once.
    await comeAndGo(rig, 500)
    const before = await atRest(rig)
    rig.load.start()
    const count = length === 'full' ? 10_000 : 1000
    let half: Stock | undefined
    const fault = await rig.fault(async () => {
      await comeAndGo(rig, count / 2)
      half = await atRest(rig)
      rig.load.start()
      await comeAndGo(rig, count / 2)
    })
    let after = await stock(rig)
    const same = await poll(async () => {
      after = await stock(rig)
      return (
        isNoMore(after.descriptors, before.descriptors) &&
        isNoMore(after.timers, before.timers) &&
        isDeepStrictEqual(after.redis, before.redis)
      )
    }, 15_000)
    rig.expect(same, `after the churn ${JSON.stringify(after)}, before it ${JSON.stringify(before)}`)
    const gained = after.heapBytes.map((bytes, i) => bytes - (half?.heapBytes[i] ?? 0))
    const inKilobytes = gained.map(bytes => Math.round(bytes / 1024)).join(', ')
    if (length === 'full')
      rig.expect(
        gained.every(bytes => bytes < MAX_GROWTH_BYTES),
        `the heaps gained ${inKilobytes} KiB over the second half`,
      )
    rig.note(
      `${count} connections came and went; over the second half the heaps gained ${inKilobytes} KiB; timers ${before.timers.join(', ')} before, ${after.timers.join(', ')} after; resident ${rig.gateways.map(({ pid }) => Math.round(memoryOf(pid) / 1024 / 1024)).join(', ')} MiB`,
    )
    rig.load.start()
    await rig.recover(fault)
    expectNoGaps(rig)
  },
}

const isNoMore = (after: number[], before: number[]) => after.every((count, i) => count <= (before[i] ?? 0))

/** Of each gateway, and what Redis says of the channels. */
interface Stock {
  readonly descriptors: number[]
  readonly timers: number[]
  readonly heapBytes: number[]
  readonly redis: unknown[]
}

/** The stock when nothing of it changes any more. */
async function atRest(rig: Rig): Promise<Stock> {
  let now = await stock(rig)
  await poll(async () => {
    const { heapBytes: _, ...earlier } = now
    now = await stock(rig)
    const { heapBytes: __, ...later } = now
    return isDeepStrictEqual(earlier, later)
  }, 10_000)
  return now
}

async function stock(rig: Rig): Promise<Stock> {
  rig.load.pause()
  await rig.signal.until(() => rig.load.open === 0, 10_000)
  for (const { agent } of rig.gateways) agent.destroy()
  const gateway = rig.gateways[0]
  const holdings = await Promise.all(rig.gateways.map(({ pid }) => holdingsOf(pid)))
  return {
    descriptors: rig.gateways.map(({ pid }) => descriptorsOf(pid)),
    timers: holdings.map(({ timers }) => timers),
    heapBytes: holdings.map(({ heapBytes }) => heapBytes),
    redis: [
      await gateway?.getJson('/channels?counts=true&limit=1000'),
      await rig.redis.cli('PUBSUB', 'NUMSUB', ...rig.channels, ...CHANNELS),
      await rig.redis.cli('PUBSUB', 'NUMPAT'),
    ],
  }
}

async function comeAndGo({ gateways, chance }: Rig, count: number): Promise<void> {
  for (let done = 0; done < count; done += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, () => visit(chance.pick(gateways), chance)))
}

/** Opens a stream and leaves it: before it has an answer, after it, politely, or with a reset. */
async function visit(gateway: Gateway, chance: Chance): Promise<void> {
  const request = streamRequest(chance.pick(CHANNELS), chance.happens(0.5) ? 'sse' : 'ws')
  const way = chance.pick(['early', 'destroy', 'reset', 'end'] as const)
  const socket = connect(gateway.port, '127.0.0.1')
  const closed = once(socket, 'close')
  socket.on('error', () => {}) // a close follows
  socket.write(request)
  await once(socket, way === 'early' ? 'connect' : 'data').catch(() => {})
  socket.resume()
  if (way === 'reset') socket.resetAndDestroy()
  else if (way === 'end') socket.end()
  else socket.destroy()
  await closed
}
