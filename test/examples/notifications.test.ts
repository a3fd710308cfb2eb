import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/browser.js'
import { pageOf, runExample } from '../support/example.js'
import { startGateway } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'

// One of each for all tests; those that break something stand last.
const browser = await openBrowser(t)
const redis = await startRedis(t)
const environment = { PORT: `${await freePort()}`, REDIS_URL: redis.url, RETRY_MS: '200' }
const gateway = await startGateway(t, environment)
const url = await pageOf(runExample(t, 'notifications/run.js', { environment: { GATEWAY_URL: gateway.url } }))

const alert = (t: Test, ...args: string[]) =>
  runExample(t, 'notifications/alert.js', { args, environment: { GATEWAY_URL: url } }).next()

async function openPage(t: Test, prepare: (page: Page) => Promise<unknown> = async () => {}) {
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await prepare(page)
  await page.goto(url)
  await page.getByText('live', { exact: true }).waitFor()
  return page
}

t.test('a page shows the alert that a backend sent, by its type', async t => {
  const page = await openPage(t)
  t.same(JSON.parse(await alert(t, 'critical', 'Disk full', '<b>db-1</b>')), { channel: 'alerts', receivers: 1 })
  const shown = page.locator('.critical')
  t.equal(await shown.locator('h2').textContent(), 'Disk full')
  t.equal(await shown.locator('p').first().textContent(), '<b>db-1</b>')
})

t.test('a page listens again after a load balancer answered with an error', async t => {
  const page = await openPage(t, page => page.route('**/events', route => route.fulfill({ status: 502 }), { times: 1 }))
  await alert(t, 'warning', 'Heard after all')
  t.equal(await page.locator('.warning h2').textContent(), 'Heard after all')
})

t.test('a refused alert says why, with exit code 1', async t => {
  const refused = runExample(t, 'notifications/alert.js', { args: ['gap'], environment: { GATEWAY_URL: url } })
  t.match(JSON.parse(await refused.next()), { status: 400, title: String })
  t.equal(await refused.exited, 1)
})

t.test('a page shows the gap when the gateway lost Redis', async t => {
  const page = await openPage(t)
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  t.match(await page.locator('.note').textContent(), /^Alerts sent between .+ and .+ may be missing\.$/)
})

t.test('a page outlives a restart of its gateway, and says what it may have missed', async t => {
  const page = await openPage(t)
  await gateway.stop('SIGTERM')
  await page.getByText('reconnecting').waitFor()
  await startGateway(t, environment)
  await page.getByText('live', { exact: true }).waitFor()
  t.match(await page.locator('.note').textContent(), 'may be missing: this page was away')
  await alert(t, 'info', 'Back again')
  t.equal(await page.locator('.info h2').textContent(), 'Back again')
})
