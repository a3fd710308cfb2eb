import { expectOneGapEach } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'

/** A gateway stands still until Redis gives its subscriber up, because too much waits for it. */
export const bufferKill: Scenario = {
  name: 'buffer-kill',
  fault: 'output-buffer kill of a subscriber',
  async run(rig) {
    await rig.redis.cli('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 256kb 256kb 1')
    const gateway = rig.chance.pick(rig.gateways)
    const listener = rig.chance.pick(rig.listeners.filter(({ session }) => session?.gateway === gateway.name))
    const { name: channel } = listener.topics.find(({ kind }) => kind === 'channel') ?? { name: 'f.0' }
    const { length: subscribers } = await rig.redis.gatewaySubscribers()
    const fault = await rig.fault(() =>
      gateway.pausedFor(async () => {
        for (let i = 0; i < 20; i++) {
          await rig.load.burst(channel, { count: 100, bytes: 32 * 1024, perSecond: 400 })
          if ((await rig.redis.gatewaySubscribers()).length < subscribers) return
        }
        rig.expect(false, 'Redis never gave the subscriber up')
      }),
    )
    await rig.recover(fault)
    expectOneGapEach(rig, fault, { gateways: [gateway] })
  },
}
