import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.js'
import { SECRETS, startScene } from './scene.js'

/*
 * npm run test:fuzz -- --inputs 1000000 --seed 1
 *
 * Ends by itself, with 1 when anything was wrong.
 */
const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: `${Date.now() % 1e6}` } },
})
const inputs = Number(values.inputs)
const seed = Number(values.seed)
const teardowns: (() => unknown)[] = []
const began = performance.now()
console.log(`${inputs} inputs, seed ${seed}`)
const { gateway, redis } = await startScene({ teardown: (end: () => unknown) => teardowns.push(end) })
const { counts, violations } = await fuzz({ gateway, redis, inputs, seed, print: console.log })
const code = await gateway.stop('SIGTERM')
if (code !== 0) violations.push(`the gateway ended with ${code}`)
if (SECRETS.test(gateway.output())) violations.push('the log has a secret')
for (const end of teardowns.reverse()) await end()

for (const violation of violations) console.error(`VIOLATION ${violation}`)
const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
console.log(
  `${total} inputs in ${((performance.now() - began) / 1000).toFixed(0)} s, ${gateway.output().length} characters of log, ${violations.length} violations`,
)
process.exit(violations.length === 0 && total >= inputs ? 0 : 1)
