import { expectOneGapEach } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'
import { lasting } from '../rig/signal.js'

/** Redis stands still: its kernel still takes what it is sent, and it is executed late. */
export const freezeRedis: Scenario = {
  name: 'freeze-redis',
  fault: 'SIGSTOP Redis for 10 s',
  quick: true,
  async run(rig, length) {
    const fault = await rig.fault(async () => {
      rig.redis.freeze()
      await lasting({ quick: 3000, short: 4000, full: 10_000 }[length])
      rig.redis.thaw()
    })
    await rig.recover(fault)
    expectOneGapEach(rig, fault)
    rig.expect(rig.load.count(504, fault.startedAt) > 0, 'no publisher was told 504')
  },
}
