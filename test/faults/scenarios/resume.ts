import { expectNoGaps } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'
import { lasting } from '../rig/signal.js'

const ROUNDS = 20

/** Clients leave and come back all the time, so that something is published during every resume. */
export const resume: Scenario = {
  name: 'resume',
  fault: 'publish during every resume',
  async run(rig) {
    const fault = await rig.fault(async () => {
      for (let round = 0; round < ROUNDS; round++) {
        for (const listener of rig.listeners) if (rig.chance.happens(0.3)) listener.leave()
        await lasting(rig.chance.integer(50, 400))
      }
    })
    await rig.recover(fault)
    expectNoGaps(rig)
    const streams = rig.listeners.reduce((sum, { sessions }) => sum + sessions.length, 0)
    rig.note(`${streams} streams of ${rig.listeners.length} clients`)
  },
}
