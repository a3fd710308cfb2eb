import { DRAIN, drainGateway } from '../rig/drain.js'
import { expectNoGaps } from '../rig/expectations.js'
import type { Scenario } from '../rig/scenario.js'

/** Every gateway is replaced, one after the other, behind a load balancer. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  fault: 'rolling restart of three gateways',
  options: { balanced: true, environment: DRAIN },
  async run(rig) {
    for (const gateway of rig.gateways) {
      const fault = await rig.fault(async () => {
        await drainGateway(rig, gateway)
        await gateway.startProcess()
      })
      await rig.recover(fault)
    }
    expectNoGaps(rig)
    const opened = rig.listeners.flatMap(({ sessions }) => sessions.slice(1).map(({ openedAt }) => openedAt))
    const within = opened.map(at => opened.filter(other => other >= at && other < at + 100).length)
    rig.note(`at most ${Math.max(0, ...within)} of ${opened.length} streams opened again within 100 ms`)
  },
}
