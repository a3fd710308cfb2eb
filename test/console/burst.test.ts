import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { openBurst } from '../support/burst.js'
import { build } from '../support/gateway.js'

// How smooth it looks is a matter of the machine, and measured by `npm run console:burst`.
t.test('a burst of 200 messages a second is shown whole, and what the page holds stays bounded', async t => {
  const { url } = await build(t)
  const { complaints, publish, burst, shown, held } = await openBurst(t, await openBrowser(t), url)

  // More than it keeps, so that what follows must push out as much as it brings.
  for (let i = 0; i < 25; i++) await publish(100)
  await shown()
  const before = await held()
  await burst(5)
  await shown()
  for (let i = 0; i < 20; i++) await publish(100)
  await shown()
  const after = await held()

  t.equal(after.rows, 200, 'the list has its last rows')
  t.ok(after.nodes < 3000, `${after.nodes} nodes in the page`)
  t.ok(Math.abs(after.nodes - before.nodes) < 200, `${before.nodes} nodes before`)
  t.ok(after.heap - before.heap < 2_000_000, `the heap grew by ${after.heap - before.heap} bytes over 3,000 messages`)
  t.ok(after.listeners <= before.listeners + 10, `${before.listeners} listeners before, ${after.listeners} after`)
  t.ok(after.timers <= before.timers + 3 && after.timers < 20, `${before.timers} timers before, ${after.timers} after`)
  t.same(complaints, [])
})
