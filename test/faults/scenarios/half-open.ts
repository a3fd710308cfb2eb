import { expectOneGapEach } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'
import { lasting } from '../rig/signal.js'

/** The network between a gateway, or all of them, and Redis goes silent; Redis itself works on. */
export const halfOpen: Scenario = {
  name: 'half-open',
  fault: 'half-open TCP for 60 s',
  async run(rig, length) {
    const all = rig.chance.happens(0.5)
    const one = rig.chance.integer(0, rig.gateways.length)
    const concerned = rig.gateways.filter((_, i) => all || i === one)
    const proxies = rig.redis.proxies.filter((_, i) => all || i === one)
    const fault = await rig.fault(async () => {
      for (const proxy of proxies) proxy.freeze()
      await lasting({ quick: 3000, short: 8000, full: 60_000 }[length])
      for (const proxy of proxies) proxy.thaw()
    })
    await rig.recover(fault)
    expectOneGapEach(rig, fault, { gateways: concerned })
  },
}
