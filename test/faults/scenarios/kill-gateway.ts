import { expectNoGaps } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'
import { lasting } from '../rig/signal.js'

/** A gateway dies without a word. Its clients go to another, and lose what was published meanwhile. */
export const killGateway: Scenario = {
  name: 'kill-gateway',
  fault: 'kill -9 of one gateway',
  quick: true,
  async run(rig) {
    const gateway = rig.chance.pick(rig.gateways)
    const fault = await rig.fault(async () => {
      await gateway.stop('SIGKILL')
      await lasting(1000)
      await gateway.startProcess()
    })
    await rig.recover(fault)
    expectNoGaps(rig)
  },
}
