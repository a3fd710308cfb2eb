import { expectOneGapEach } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'

/** Redis cuts the listening connections of all gateways, again and again. */
export const killSubscriber: Scenario = {
  name: 'kill-subscriber',
  fault: '100 × CLIENT KILL of the subscribers',
  quick: true,
  async run(rig, length) {
    for (let i = 0; i < (length === 'full' ? 100 : 10); i++) {
      const fault = await rig.fault(async () => {
        for (const id of await rig.redis.gatewaySubscribers()) await rig.redis.cli('CLIENT', 'KILL', 'ID', id)
      })
      await rig.recover(fault)
      expectOneGapEach(rig, fault)
    }
  },
}
