import { expectNoGaps } from '../rig/expectations.js'
import { memoryOf } from '../rig/proc.js'
import type { Scenario } from '../rig/scenario.js'
import { poll } from '../rig/signal.js'
import { openStuck } from '../rig/stuck.js'
import { percentile } from '../rig/verdict.js'

const MEGABYTE = 1024 * 1024

/** Clients that stop reading are cut, and nobody else feels it. */
export const stuckClient: Scenario = {
  name: 'stuck-client',
  fault: 'a stuck client',
  async run(rig) {
    const gateway = rig.chance.pick(rig.gateways)
    const channel = rig.chance.pick(rig.channels)
    const path = `/channels/${channel}/subscribers`
    // A starved gateway takes Redis for dead, and has no count then.
    const listeners = () =>
      gateway.getJson<{ listeners: number }>(path).then(
        answer => answer.listeners,
        () => undefined,
      )
    let before: number | undefined
    await poll(async () => {
      before = await listeners()
      return before !== undefined
    }, 5000)
    const flooding = Date.now()
    await rig.load.burst(channel, { count: 400, bytes: 16 * 1024, perSecond: 200 })
    const quiet = latencies(flooding)
    const memory = memoryOf(gateway.pid)
    let peak = memory
    const fault = await rig.fault(async () => {
      for (const form of ['sse', 'ws', 'sse'] as const) await openStuck(rig.scope, gateway, channel, form)
      const counted = await poll(async () => (await listeners()) === (before ?? 0) + 3, 5000)
      rig.expect(counted, 'the stuck clients do not count as listeners')
      const started = Date.now()
      let sent = false
      const flood = rig.load.burst(channel, { count: 1200, bytes: 16 * 1024, perSecond: 200 }).then(() => {
        sent = true
      })
      const cut = await poll(async () => {
        peak = Math.max(peak, memoryOf(gateway.pid))
        return (await listeners()) === before
      }, 30_000)
      rig.expect(cut, 'the stuck clients were not cut within 30 seconds')
      rig.note(`three stuck clients cut after ${Date.now() - started} ms${sent ? ', after the flood' : ''}`)
      await flood
    })
    await rig.recover(fault)
    const grown = Math.round((peak - memory) / MEGABYTE)
    rig.note(`${gateway.name} grew by ${grown} MiB at most`)
    rig.note(
      `from publish to delivery, p99: ${quiet} ms without the stuck clients, ${latencies(fault.startedAt)} ms with them`,
    )
    rig.expect(grown < 100, `${gateway.name} grew by ${grown} MiB`)
    expectNoGaps(rig)
    const ended = rig.listeners.filter(({ sessions }) => sessions.length > 1)
    rig.expect(ended.length === 0, `${ended.length} streams that kept up were ended`)

    function latencies(since: number): number {
      const all = rig.listeners.flatMap(({ sessions }) => sessions.flatMap(({ deliveries }) => deliveries))
      const times = all.flatMap(({ id, at }) => {
        const sentAt = rig.load.find(id)?.sentAt ?? 0
        return sentAt >= since ? [at - sentAt] : []
      })
      return percentile(times, 0.99)
    }
  },
}
