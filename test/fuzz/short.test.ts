import t from 'tap'
import { fuzz } from './fuzz.js'
import { SECRETS, startScene } from './scene.js'

t.test('a short fuzz of every input leaves no fault, no growth and no secret in the log', async t => {
  const scene = await startScene(t)
  const { counts, violations } = await fuzz({
    ...scene,
    inputs: 1500,
    seed: 20_260_101,
    print: line => t.comment(line),
  })
  t.same(violations, [])
  // The first round, which loads what is loaded late, is as long once more.
  t.ok(Object.values(counts).reduce((sum, count) => sum + count, 0) >= 1500 + 1500)
  t.equal(await scene.gateway.stop('SIGTERM'), 0)
  t.notMatch(scene.gateway.output(), SECRETS)
})
