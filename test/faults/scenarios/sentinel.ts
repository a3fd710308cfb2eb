import { expectOneGapEach } from '../rig/expectations.js'
import type { Rig } from '../rig/rig.js'
import type { Scenario } from '../rig/scenario.js'
import { nodeName } from '../rig/sentinel.js'
import { poll } from '../rig/signal.js'
import { meets } from '../rig/truth.js'

/** A native client would publish to whatever it is connected to: only the gateways speak here. */
const options = { topology: 'sentinel', nativeShare: 0 } as const

export const sentinelKill: Scenario = {
  name: 'sentinel-kill',
  fault: 'Sentinel: kill -9 of the master',
  options,
  withHistory: { keeps: false }, // replicas lag behind
  async run(rig) {
    const old = await rig.sentinel.master()
    const fault = await rig.fault(async () => {
      await rig.sentinel.node(old).stop('SIGKILL')
      await rig.sentinel.untilAnotherMaster(old)
    })
    await rig.recover(fault)
    const recovered = Date.now()
    expectOneGapEach(rig, fault, { more: CUTS })
    // It comes back as the master that it was; the Sentinels tell it otherwise.
    await rig.sentinel.startNode(old)
    await expectDemotion(rig, old)
    await expectTrueMaster(rig, recovered)
  },
}

export const sentinelFailover: Scenario = {
  name: 'sentinel-failover',
  fault: 'Sentinel: manual failover',
  options,
  withHistory: { keeps: false }, // replicas lag behind
  async run(rig) {
    const old = await rig.sentinel.master()
    const fault = await rig.fault(async () => {
      await rig.sentinel.failOver()
      await rig.sentinel.untilAnotherMaster(old)
    })
    await rig.recover(fault)
    expectOneGapEach(rig, fault, { more: CUTS })
    await expectDemotion(rig, old)
    // Until the Sentinels told it, it was a master as good as the other.
    await expectTrueMaster(rig, Date.now())
  },
}

export const sentinelHung: Scenario = {
  name: 'sentinel-hung',
  fault: 'Sentinel: stopped master, resumed after the failover',
  options,
  withHistory: { keeps: false }, // replicas lag behind
  async run(rig) {
    const old = await rig.sentinel.master()
    const { process } = rig.sentinel.node(old)
    const fault = await rig.fault(async () => {
      process.kill('SIGSTOP')
      await rig.sentinel.untilAnotherMaster(old)
    })
    await rig.recover(fault)
    const recovered = Date.now()
    expectOneGapEach(rig, fault, { more: CUTS })
    process.kill('SIGCONT')
    await expectDemotion(rig, old)
    await expectTrueMaster(rig, recovered)
  },
}

/** Sentinel cuts the clients of a node that changes its role, and a gateway leaves a node that the Sentinels do not name. */
const CUTS = 2

/** How long a gateway may take to follow the Sentinels to yet another master. */
const MOVING_MS = 1000

/** The old master follows the new one, and nobody listens to it or publishes there. */
async function expectDemotion(rig: Rig, old: number): Promise<void> {
  const demoted = await poll(async () => (await rig.sentinel.role(old)) === 'slave', 30_000)
  rig.expect(demoted, 'the old master was not made a replica within 30 seconds')
  const deaf = await rig.heard(Date.now(), 10_000)
  rig.expect(deaf.length === 0, `deaf after the old master came back: ${deaf.slice(0, 5).join(', ')}`)
}

/** What was answered 200 since then was executed by the new master, as far as its observer was not cut. */
async function expectTrueMaster(rig: Rig, since: number): Promise<void> {
  await rig.heard(Date.now(), 10_000)
  const node = nodeName(await rig.sentinel.master())
  const observer = rig.sentinel.observers.find(candidate => candidate.node === node)
  if (!observer) throw new Error(`nobody observes ${node}`)
  const executed = new Set(observer.observations.map(({ id }) => id))
  const lastSwitch = Math.max(...rig.sentinel.switches)
  const from = lastSwitch < since ? since : lastSwitch + MOVING_MS
  const elsewhere = rig.load.publications.filter(
    ({ id, outcome, sentAt, answeredAt = 0 }) =>
      outcome === 200 &&
      sentAt > from &&
      answeredAt < Date.now() - 200 &&
      !executed.has(id) &&
      !observer.blind.some(time => meets(time, sentAt, answeredAt)),
  )
  const [first] = elsewhere
  const by = rig.sentinel.observers.filter(({ observations }) => observations.some(({ id }) => id === first?.id))
  rig.expect(
    elsewhere.length === 0,
    `${elsewhere.length} publishes were answered 200 by what is not the master (${node}); the first, ${first?.id} sent at ${first?.sentAt}, was executed by ${by.map(({ node }) => node).join(', ') || 'nobody that was observed'}; the observer was blind in ${JSON.stringify(observer.blind)}`,
  )
}
