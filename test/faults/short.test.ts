import t from 'tap'
import { describeViolations } from './rig/report.js'
import { runScenario } from './rig/scenario.js'
import { scenarios } from './scenarios/index.js'

/** Another seed for each day, which a failure tells. */
const seed = Number(process.env.SEED ?? Math.floor(Date.now() / 86_400_000))

for (const scenario of scenarios.filter(({ quick }) => quick)) {
  t.test(`no silent loss: ${scenario.fault}`, async t => {
    const outcome = await runScenario(t, scenario, seed, 'quick')
    t.same(outcome.violations, [], describeViolations(outcome).join('\n'))
    t.ok(outcome.figures.deliveries > 0, `${outcome.figures.deliveries} deliveries with seed ${seed}`)
  })
}
