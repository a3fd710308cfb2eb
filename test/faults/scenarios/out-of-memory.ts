import { expectNoGaps, expectOnlyOutcomes } from '../rig/expectations.js'
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
      const deaf = await rig.heard(Date.now(), 10_000)
      rig.expect(deaf.length === 0, `deaf: ${deaf.slice(0, 5).join(', ')}`)
      await rig.redis.cli('CONFIG', 'SET', 'maxmemory', '0')
    })
    await rig.recover(fault)
    expectNoGaps(rig)
    expectOnlyOutcomes(rig, fault, [200])
  },
}
