import { expectOneGapEach } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'
import { lasting } from '../rig/signal.js'

/** Redis dies without a word and comes back, empty, at the same address. */
export const killRedis: Scenario = {
  name: 'kill-redis',
  fault: 'kill -9 Redis, restart',
  quick: true,
  async run(rig, length) {
    const fault = await rig.fault(async () => {
      await rig.redis.kill()
      await lasting(length === 'full' ? 5000 : 1500)
      await rig.redis.start()
    })
    await rig.recover(fault)
    expectOneGapEach(rig, fault)
    const told = rig.load.count(503, fault.startedAt)
    rig.expect(told > 0, 'no publisher was told 503')
  },
}
