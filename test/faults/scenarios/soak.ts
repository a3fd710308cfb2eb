import { DRAIN } from '../rig/drain.js'
import type { Scenario } from '../rig/scenario.js'
import { lasting } from '../rig/signal.js'
import { debugSleep } from './debug-sleep.js'
import { drain } from './drain.js'
import { freezeRedis } from './freeze-redis.js'
import { halfOpen } from './half-open.js'
import { killGateway } from './kill-gateway.js'
import { killRedis } from './kill-redis.js'
import { outOfMemory } from './out-of-memory.js'
import { stranded } from './stranded.js'

const FAULTS = [killRedis, freezeRedis, halfOpen, stranded, debugSleep, outOfMemory, drain, killGateway]

/** Faults of all kinds, one after the other, as chance has it. */
export const soak: Scenario = {
  name: 'soak',
  fault: '30 minutes of random faults',
  options: { balanced: true, environment: DRAIN },
  async run(rig, length) {
    const seconds = Number(process.env.SOAK_SECONDS ?? (length === 'full' ? 1800 : 60))
    const end = Date.now() + seconds * 1000
    const counts = new Map<string, number>()
    while (Date.now() < end) {
      const { name, run } = rig.chance.pick(FAULTS)
      counts.set(name, (counts.get(name) ?? 0) + 1)
      await run(rig, 'quick')
      await lasting(rig.chance.integer(0, 2000))
    }
    rig.notes.splice(0, rig.notes.length, [...counts].map(([name, count]) => `${count} × ${name}`).join(', '))
  },
}
