import fc from 'fast-check'
import t, { type Test } from 'tap'
import { HARD_CASES } from '../support/resume-cases.js'
import { judge } from '../support/resume-judge.js'
import { harmful, harmless, LENGTH, run, type Step } from '../support/resume-steps.js'
import type { Seen } from '../support/resuming-client.js'

const runs = Number(process.env.PROPERTY_RUNS ?? 60)
/** The same cases each time; `PROPERTY_SEED` chooses others, and with `PROPERTY_PATH` repeats what a failure printed. */
const { PROPERTY_SEED: seed = '1', PROPERTY_PATH: path } = process.env
const again = { seed: Number(seed), ...(path && { path, endOnFailure: true }) }

/** Holds that after any of the steps no client was deceived, nor anything else is wrong with what it saw of a channel. */
async function hold(
  t: Test,
  steps: fc.WeightedArbitrary<Step>[],
  wrongOf: (seen: readonly Seen[]) => string | undefined,
  examples: readonly (readonly Step[])[] = [],
): Promise<void> {
  const property = fc.asyncProperty(fc.array(fc.oneof(...steps), LENGTH), async steps => {
    const { broker, clients } = await run(steps)
    for (const client of clients)
      for (const name of client.followed) {
        const wrong = judge(broker, client, name) ?? wrongOf(client.seen.get(name) ?? [])
        if (wrong) throw new Error(`${client.kind}, ${name}: ${wrong}`)
      }
  })
  await fc.assert(property, { numRuns: runs, examples: examples.map(steps => [[...steps]]), ...again })
  t.pass(`${runs} runs`)
}

t.test(
  'whatever happens, a client has the truth after its cursor, or a gap says that it has not',
  { timeout: 300_000 },
  t => hold(t, [...harmless, ...harmful], () => undefined, HARD_CASES),
)

t.test('as long as the history keeps everything, no client that has a cursor sees a gap', { timeout: 300_000 }, t =>
  hold(t, harmless, seen => {
    const first = seen.findIndex(item => /^\d/.test(item))
    const isTold = first !== -1 && seen.indexOf('gap', first) !== -1
    return isTold ? `a gap: ${seen.join(', ')}` : undefined
  }),
)
