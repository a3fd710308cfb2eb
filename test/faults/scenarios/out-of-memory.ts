import { expectNoGaps, expectOnlyOutcomes } from '../rig/expectations.js'
import type { Rig } from '../rig/rig.js'
import type { Scenario } from '../rig/scenario.js'

/** Redis takes no more data. Publishing stores none. */
export const outOfMemory: Scenario = {
  name: 'out-of-memory',
  fault: 'Redis out of memory, noeviction',
  quick: true,
  async run(rig) {
    const fault = await rig.fault(async () => {
      await rig.redis.cli('CONFIG', 'SET', 'maxmemory', '1mb')
      const answer = await rig.redis.cli('SET', 'key', 'value').catch(String)
      rig.expect(answer.includes('OOM'), `Redis was to be out of memory, and said ${answer}`)
      if (rig.options.history) {
        await expectRefusal(rig)
      } else {
        const deaf = await rig.heard(Date.now(), 10_000)
        rig.expect(deaf.length === 0, `deaf: ${deaf.slice(0, 5).join(', ')}`)
      }
      await rig.redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    })
    await rig.recover(fault)
    expectNoGaps(rig)
    expectOnlyOutcomes(rig, fault, [200])
  },
}

/** What cannot be kept is not delivered either: the oracle knows of no such messages. */
async function expectRefusal(rig: Rig): Promise<void> {
  for (const { url } of rig.gateways)
    for (const channel of rig.channels) {
      const answer = await fetch(`${url}/channels/${channel}`, { method: 'POST', body: 'refused' })
      // A starved gateway does not know what became of it; that it was not delivered the oracle sees.
      const isRefused = answer.status === 503 || (rig.lateness.starved && answer.status === 504)
      rig.expect(isRefused, `a message that cannot be kept was answered with ${answer.status}`)
    }
}
