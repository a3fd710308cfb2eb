import { parseArgs } from 'node:util'
import { describeViolations, printRow, writeReport } from './rig/report.js'
import { brokenRun, type Length, type Outcome, runScenario } from './rig/scenario.js'
import { OwnScope } from './rig/scope.js'
import { onRequest, scenarios, withHistory } from './scenarios/index.js'

/*
 * npm run test:faults -- [--full] [--history] [--report path]
 *
 * SEEDS=20 seeds of each scenario, from SEED=1 on; SCENARIO=name,name chooses. With --full the
 * faults last as long as the table says. With --history every channel has one, clients resume from
 * where they stood and publishers try again with a key. --report writes path.json and path.md; runs that are there
 * already stay, unless the same scenario ran again with the same seed.
 */
const { values } = parseArgs({
  options: { full: { type: 'boolean' }, history: { type: 'boolean' }, report: { type: 'string' } },
})
const { SEEDS = '20', SEED = '1', SCENARIO } = process.env
const length: Length = values.full ? 'full' : 'short'
const wanted = SCENARIO?.split(',')
const { history = false } = values
const always = history ? withHistory : scenarios
const all = [...always, ...onRequest]
const chosen = wanted ? all.filter(({ name }) => wanted.includes(name)) : always
if (chosen.length === 0) {
  console.error(`There is no such scenario; there are: ${all.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}

const outcomes: Outcome[] = []
let scope = new OwnScope()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, async () => {
    await scope.end()
    process.exit(1)
  })
for (const scenario of chosen) {
  for (let seed = Number(SEED); seed < Number(SEED) + Number(SEEDS); seed++) {
    scope = new OwnScope()
    const outcome = await runScenario(scope, scenario, seed, length, { history })
      .catch((error: Error) => brokenRun(scenario, seed, error))
      .finally(() => scope.end())
    outcomes.push(outcome)
    for (const line of describeViolations(outcome)) console.log(line)
    if (values.report) writeReport(values.report, all, outcomes, length)
  }
  printRow(scenario, outcomes)
}
const failed = outcomes.filter(({ violations }) => violations.length > 0)
console.log(`${outcomes.length} runs, ${failed.length} with violations`)
process.exit(failed.length > 0 ? 1 : 0)
