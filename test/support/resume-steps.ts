import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { Hub } from '../../src/fanout/hub.js'
import { PositionCheck } from '../../src/history/position-check.js'
import { endOfTick } from './hub-client.js'
import { ModelBroker } from './model-broker.js'
import { CHANNELS, KIND_NAMES, ResumingClient } from './resuming-client.js'

const channel = fc.constantFrom(...CHANNELS)
const client = fc.nat({ max: KIND_NAMES.length - 1 })
const few = fc.integer({ min: 1, max: 4 })

export type Step = readonly [string, ...(string | number | boolean)[]]
const step = <Arguments extends fc.Arbitrary<string | number | boolean>[]>(
  weight: number,
  name: string,
  ...args: Arguments
) => ({
  weight,
  arbitrary: fc.tuple(fc.constant(name), ...args) as fc.Arbitrary<Step>, // a tuple that begins with a string
})
/** As long as nothing else happens the history keeps everything. */
export const harmless = [
  step(5, 'publish', channel, few),
  step(1, 'native', channel),
  step(5, 'arrive', few),
  step(2, 'arrive', fc.constant(100)),
  step(5, 'answer', few, fc.boolean()),
  step(2, 'answer', fc.constant(100), fc.boolean()),
  step(3, 'connect', client),
  step(3, 'come back', client),
  step(1, 'disconnect', client),
  step(1, 'slow', client),
  step(2, 'read', client),
  step(1, 'lose', few),
  step(1, 'outage'),
  step(2, 'back'),
  step(1, 'check'),
]
export const harmful = [step(1, 'trim', channel, few), step(1, 'wipe', channel), step(1, 'roll back', channel, few)]
export const LENGTH = { minLength: 10, maxLength: 120, size: 'max' } as const

/** Does it all, and resolves when everything has come to rest. */
export async function run(steps: readonly Step[]): Promise<{ broker: ModelBroker; clients: ResumingClient[] }> {
  const broker = new ModelBroker()
  const hub = new Hub(broker, { maxCatchUps: 2, retryMs: 0 })
  const check = new PositionCheck({ history: broker.history, sequencers: () => hub.sequencers() })
  broker.start(hub)
  const clients = KIND_NAMES.map(kind => new ResumingClient(kind))
  const act: Record<string, (...args: never[]) => void> = {
    publish: (channel: string, count: number) => {
      for (let i = 0; i < count; i++) broker.put(channel)
    },
    native: (channel: string) => broker.native(channel),
    arrive: (count: number) => broker.arrive(count),
    answer: (count: number, eager: boolean) => {
      broker.answer(count)
      broker.isEager = eager
    },
    connect: (client: number) => clients[client]?.connect(hub),
    disconnect: (client: number) => clients[client]?.disconnect(),
    'come back': (client: number) => {
      clients[client]?.disconnect()
      clients[client]?.connect(hub)
    },
    slow: (client: number) => clients[client]?.slow(),
    read: (client: number) => clients[client]?.read(),
    lose: (count: number) => broker.lose(count),
    outage: () => broker.outage(),
    back: () => broker.back(),
    trim: (channel: string, count: number) => broker.trim(channel, count),
    wipe: (channel: string) => broker.wipe(channel),
    'roll back': (channel: string, count: number) => broker.rollBack(channel, count),
    check: () => {
      check.check(0)
    },
  }
  for (const [name, ...args] of steps) {
    act[name]?.(...(args as never[])) // each takes what its step has
    await ticks(1)
  }
  // All comes to rest: what is on its way arrives, every question is answered, and who listens has read.
  broker.back()
  for (let round = 0; round < 2; round++) {
    let quiet = 0
    let checked = false
    for (let i = 0; quiet < 10 && i < 1000; i++) {
      if (i === 10)
        check.check(0).then(() => {
          checked = true
        })
      broker.arrive(100)
      broker.answer(100)
      for (const client of clients) client.read()
      await ticks(2)
      await pause(1) // what failed is tried again by a timer
      quiet = checked && broker.isIdle ? quiet + 1 : 0
    }
    if (quiet < 10) throw new Error('it does not come to rest')
  }
  return { broker, clients }
}

async function ticks(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await endOfTick()
}
