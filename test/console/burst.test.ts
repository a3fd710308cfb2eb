import type { CDPSession } from 'playwright-core'
import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { openConsole } from '../support/console-page.js'
import { build } from '../support/gateway.js'
import { until } from '../support/until.js'

const observeLongTasks = `
  window.longTasks = []
  new PerformanceObserver(list => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask', buffered: true })`

t.test('a burst of 200 messages a second is shown, and what the page holds stays bounded', async t => {
  const { url } = await build(t)
  const { page, complaints, listen } = await openConsole(t, await openBrowser(t), url)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  await listen('burst:*')
  let sent = 0
  /** So many at once, as a batch. */
  const publish = async (count: number) => {
    const messages = Array.from({ length: count }, () => ({
      channel: `burst:${sent % 7}`,
      event: sent % 3 ? 'tick' : 'tock',
      data: JSON.stringify({ number: ++sent, text: 'x'.repeat(180) }),
    }))
    const headers = { 'content-type': 'application/json' }
    await fetch(`${url}/publish`, { method: 'POST', headers, body: JSON.stringify({ messages }) })
  }
  const shown = () => page.locator('#tail-log li', { hasText: `"number":${sent},` }).waitFor()

  // More than it keeps, so that what follows must push out as much as it brings.
  for (let i = 0; i < 25; i++) await publish(100)
  await shown()
  const before = await measure(cdp)
  await page.evaluate(observeLongTasks)

  const seconds = 5
  const started = Date.now()
  for (let i = 0; i < seconds * 20; i++) {
    await publish(10)
    const ahead = started + (i + 1) * 50 - Date.now()
    if (ahead > 0) await new Promise(resolve => setTimeout(resolve, ahead))
  }
  await shown()
  const longTasks = (await page.evaluate('longTasks')) as number[] // made above
  const counted = page.locator('#rate-total') // asked from outside, as the page's policy forbids `eval`
  await until(async () => (await counted.textContent()) === sent.toLocaleString('en'), 'the page counts every message')
  for (let i = 0; i < 20; i++) await publish(100)
  await shown()
  const after = await measure(cdp)

  t.equal(await page.locator('#tail-log li').count(), 200, 'the list has its last rows')
  t.ok(after.nodes < 3000, `${after.nodes} nodes in the page`)
  t.ok(Math.abs(after.nodes - before.nodes) < 200, 'as many as before')
  t.ok(after.heap - before.heap < 2_000_000, `the heap grew by ${after.heap - before.heap} bytes over 3,000 messages`)
  t.same(complaints, [])
  const total = Math.round(longTasks.reduce((sum, duration) => sum + duration, 0))
  t.comment(
    `tasks over 50 ms: ${longTasks.length}, ${total} ms in all, the longest ${Math.round(Math.max(0, ...longTasks))} ms`,
  )
  t.comment(`heap ${before.heap} bytes before, ${after.heap} after; nodes ${before.nodes} before, ${after.nodes} after`)
})

/** What is alive, after the garbage is gone. */
async function measure(cdp: CDPSession): Promise<{ heap: number; nodes: number }> {
  await cdp.send('HeapProfiler.collectGarbage')
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const of = (name: string) => metrics.find(metric => metric.name === name)?.value ?? Number.NaN
  return { heap: of('JSHeapUsedSize'), nodes: of('Nodes') }
}
