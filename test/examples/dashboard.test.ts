import t, { type Test } from 'tap'
import { openBrowser } from '../support/browser.js'
import { pageOf, runExample } from '../support/example.js'
import { startRedis } from '../support/redis.js'

const browser = await openBrowser(t)

async function openDashboard(t: Test) {
  const redis = await startRedis(t)
  const url = await pageOf(runExample(t, 'dashboard/run.js', { environment: { REDIS_URL: redis.url } }))
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.goto(url)
  await page.getByText('live', { exact: true }).waitFor()
  return { redis, url, page }
}

t.test('the dashboard draws each metric that the publisher samples', async t => {
  const { url, page } = await openDashboard(t)
  runExample(t, 'dashboard/publish.js', { environment: { GATEWAY_URL: url } })
  for (const name of ['cpu', 'memory', 'load', 'node:heap', 'node:event-loop-delay']) {
    const card = page.locator(`[data-channel="metrics:${name}"]`)
    await card.locator('polyline[points*=" "]').waitFor({ state: 'attached' }) // a second point has come
    t.match(await card.locator('strong').textContent(), /^\d+(\.\d+)?$/, name)
  }
})

t.test('an unknown metric gets its own card, with a point for each value', async t => {
  const { redis, page } = await openDashboard(t)
  await redis.cli('PUBLISH', 'metrics:room', '21.5 °C')
  await redis.cli('PUBLISH', 'metrics:room', '22 °C')
  const card = page.locator('[data-channel="metrics:room"]')
  await card.getByText('21.5 to 22').waitFor()
  t.equal(await card.locator('strong').textContent(), '22')
  t.equal(await card.locator('span').textContent(), '°C')
  const points = (await card.locator('polyline').getAttribute('points'))?.split(' ') ?? []
  t.equal(points.length, 2)
  t.equal(points[1]?.split(',')[0], '100', 'the newest value stands at the right')
})

t.test('the dashboard shows the gap when the gateway lost Redis', async t => {
  const { redis, page } = await openDashboard(t)
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  const note = page.locator('.note')
  await note.waitFor()
  t.match(await note.textContent(), /^Samples between .+ and .+ may be missing\.$/)
})
