import { expectOneGapEach } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'

/** Redis is busy with something long, and executes afterwards what waited meanwhile. */
export const debugSleep: Scenario = {
  name: 'debug-sleep',
  fault: 'DEBUG SLEEP 5',
  async run(rig, length) {
    const fault = await rig.fault(async () => {
      await rig.redis.cli('DEBUG', 'SLEEP', length === 'quick' ? '3' : '5')
    })
    await rig.recover(fault)
    expectOneGapEach(rig, fault)
  },
}
