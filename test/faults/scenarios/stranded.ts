import { expectOneGapEach } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'

/** A firewall forgets the connections of a gateway: they stay open and nothing passes; new ones work. */
export const stranded: Scenario = {
  name: 'stranded',
  fault: 'connections to Redis forgotten by a firewall',
  quick: true,
  async run(rig) {
    const one = rig.chance.integer(0, rig.gateways.length)
    const fault = await rig.fault(async () => rig.redis.proxies[one]?.strand())
    await rig.recover(fault)
    expectOneGapEach(rig, fault, { gateways: rig.gateways.filter((_, i) => i === one) })
  },
}
