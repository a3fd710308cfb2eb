import { DRAIN, drainGateway } from '../rig/drain.js'
import { expectNoGaps } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'
import { openStuck } from '../rig/stuck.js'

/** A gateway is asked to stop, under load and with clients that never read. */
export const drain: Scenario = {
  name: 'drain',
  fault: 'SIGTERM under load, with stuck clients',
  quick: true,
  options: { balanced: true, environment: DRAIN },
  async run(rig) {
    const gateway = rig.chance.pick(rig.gateways)
    const channel = rig.chance.pick(rig.channels)
    for (const form of ['sse', 'ws', 'sse'] as const) await openStuck(rig.scope, gateway, channel, form)
    await rig.load.burst(channel, { count: 300, bytes: 32 * 1024, perSecond: 200 })
    const fault = await rig.fault(async () => {
      await drainGateway(rig, gateway)
      await gateway.startProcess()
    })
    await rig.recover(fault)
    expectNoGaps(rig)
  },
}
