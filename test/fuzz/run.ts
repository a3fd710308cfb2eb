import { parseArgs } from 'node:util'
import { findSlow } from './find-slow.js'
import { fuzz } from './fuzz.js'
import { SECRETS, startScene } from './scene.js'

/*
 * npm run test:fuzz -- --inputs 1000000 --seed 1
 * npm run test:fuzz -- --slow --inputs 20000    looks for input that takes more time than its length explains
 *
 * Ends by itself, with 1 when anything was wrong.
 */
const { values } = parseArgs({
  options: {
    inputs: { type: 'string' },
    seed: { type: 'string', default: `${Date.now() % 1e6}` },
    slow: { type: 'boolean', default: false },
  },
})
const inputs = Number(values.inputs ?? (values.slow ? 20_000 : 1_000_000))
const seed = Number(values.seed)
const teardowns: (() => unknown)[] = []
const began = performance.now()
const elapsed = (): string => ((performance.now() - began) / 1000).toFixed(0)
console.log(`${inputs} inputs, seed ${seed}`)
if (values.slow) {
  const findings = await findSlow({ inputs, seed, teardown: end => teardowns.push(end), print: console.log })
  for (const end of teardowns.reverse()) await end()
  console.log(`${findings} kinds of input take more than linear time, ${elapsed()} s`)
  process.exit(findings === 0 ? 0 : 1)
}
const { gateway, redis } = await startScene({ teardown: (end: () => unknown) => teardowns.push(end) })
const { counts, violations } = await fuzz({ gateway, redis, inputs, seed, print: console.log })
const code = await gateway.stop('SIGTERM')
if (code !== 0) violations.push(`the gateway ended with ${code}`)
if (SECRETS.test(gateway.output())) violations.push('the log has a secret')
for (const end of teardowns.reverse()) await end()

for (const violation of violations) console.error(`VIOLATION ${violation}`)
const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
console.log(
  `${total} inputs in ${elapsed()} s, ${gateway.output().length} characters of log, ${violations.length} violations`,
)
process.exit(violations.length === 0 && total >= inputs ? 0 : 1)
