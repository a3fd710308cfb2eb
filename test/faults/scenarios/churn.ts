import { once } from 'node:events'
import { connect } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { expectNoGaps } from '../rig/expectations.js'
import type { Gateway } from '../rig/gateway.js'
import type { Chance } from '../rig/prng.js'
import { descriptorsOf, memoryOf } from '../rig/proc.js'
import type { Rig } from '../rig/rig.js'
import type { Scenario } from '../rig/scenario.js'
import { poll } from '../rig/signal.js'
import { streamRequest } from '../rig/stuck.js'

const AT_ONCE = 100
const CHANNELS = Array.from({ length: 20 }, (_, i) => `churn.${i}`)

/** Very many clients come and go, each in its own way, and leave nothing behind. */
export const churn: Scenario = {
  name: 'churn',
  fault: '10,000 connections churned',
  async run(rig, length) {
    let before = await stock(rig)
    await poll(async () => {
      const earlier = before
      before = await stock(rig)
      return isDeepStrictEqual(earlier, before)
    }, 10_000)
    const memory = rig.gateways.map(({ pid }) => memoryOf(pid))
    rig.load.start()
    const count = length === 'full' ? 10_000 : 1000
    const fault = await rig.fault(async () => {
      for (let done = 0; done < count; done += AT_ONCE)
        await Promise.all(Array.from({ length: AT_ONCE }, () => comeAndGo(rig.chance.pick(rig.gateways), rig.chance)))
    })
    let after = await stock(rig)
    const same = await poll(async () => {
      after = await stock(rig)
      const more = after.descriptors.some((count, i) => count > (before.descriptors[i] ?? 0))
      return !more && isDeepStrictEqual(after.redis, before.redis)
    }, 15_000)
    rig.expect(same, `after the churn ${JSON.stringify(after)}, before it ${JSON.stringify(before)}`)
    const grown = rig.gateways.map(({ pid }, i) => Math.round((memoryOf(pid) - (memory[i] ?? 0)) / 1024 / 1024))
    rig.note(`${count} connections came and went; resident memory grew by ${grown.join(', ')} MiB`)
    rig.load.start()
    await rig.recover(fault)
    expectNoGaps(rig)
  },
}

interface Stock {
  readonly descriptors: number[]
  readonly redis: unknown[]
}

/** What must be as it was: descriptors of the gateways, and what Redis says of the channels. */
async function stock(rig: Rig): Promise<Stock> {
  rig.load.pause()
  await rig.signal.until(() => rig.load.open === 0, 10_000)
  for (const { agent } of rig.gateways) agent.destroy()
  const gateway = rig.gateways[0]
  return {
    descriptors: rig.gateways.map(({ pid }) => descriptorsOf(pid)),
    redis: [
      await gateway?.getJson('/channels?counts=true&limit=1000'),
      await rig.redis.cli('PUBSUB', 'NUMSUB', ...rig.channels, ...CHANNELS),
      await rig.redis.cli('PUBSUB', 'NUMPAT'),
    ],
  }
}

/** Opens a stream and leaves it: before it has an answer, after it, politely, or with a reset. */
async function comeAndGo(gateway: Gateway, chance: Chance): Promise<void> {
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
