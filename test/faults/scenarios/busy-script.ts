import type { Scenario } from '../rig/scenario.js'
import { lasting } from '../rig/signal.js'

/** A script that does not end: Redis answers nothing at first, then BUSY to everything. */
export const busyScript: Scenario = {
  name: 'busy-script',
  fault: 'a busy Lua script',
  async run(rig, length) {
    await rig.redis.cli('CONFIG', 'SET', 'busy-reply-threshold', '500')
    const fault = await rig.fault(async () => {
      const script = rig.redis.cli('EVAL', 'while true do end', '0')
      await lasting(length === 'quick' ? 3000 : 5000)
      await rig.redis.cli('SCRIPT', 'KILL')
      await script
    })
    await rig.recover(fault)
  },
}
