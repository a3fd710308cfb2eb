import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/browser.js'
import { pageOf, runExample } from '../support/example.js'
import { startGateway } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'

async function startNotifications(t: Test) {
  const redis = await startRedis(t)
  const environment = { PORT: `${await freePort()}`, REDIS_URL: redis.url, RETRY_MS: '200' }
  const gateway = await startGateway(t, environment)
  const url = await pageOf(runExample(t, 'notifications/run.js', { environment: { GATEWAY_URL: gateway.url } }))
  const alert = (...args: string[]) =>
    runExample(t, 'notifications/alert.js', { args, environment: { GATEWAY_URL: url } }).next()
  return { redis, gateway, environment, url, alert }
}

async function openPage(t: Test, url: string, prepare: (page: Page) => Promise<unknown> = async () => {}) {
  const browser = await openBrowser(t)
  const page = await browser.newPage()
  await prepare(page)
  await page.goto(url)
  await page.getByText('live', { exact: true }).waitFor()
  return page
}

t.test('a page shows the alert that a backend sent, by its type', async t => {
  const { url, alert } = await startNotifications(t)
  const page = await openPage(t, url)
  t.same(JSON.parse(await alert('critical', 'Disk full', '<b>db-1</b>')), { channel: 'alerts', receivers: 1 })
  const shown = page.locator('.critical')
  t.equal(await shown.locator('h2').textContent(), 'Disk full')
  t.equal(await shown.locator('p').first().textContent(), '<b>db-1</b>')
})

t.test('a page outlives a restart of its gateway, and says what it may have missed', async t => {
  const { gateway, environment, url, alert } = await startNotifications(t)
  const page = await openPage(t, url)
  await gateway.stop('SIGTERM')
  await page.getByText('reconnecting').waitFor()
  await startGateway(t, environment)
  await page.getByText('live', { exact: true }).waitFor()
  t.match(await page.locator('.note').textContent(), 'may be missing: this page was away')
  await alert('info', 'Back again')
  t.equal(await page.locator('.info h2').textContent(), 'Back again')
})

t.test('a page listens again after a load balancer answered with an error', async t => {
  const { url, alert } = await startNotifications(t)
  const page = await openPage(t, url, page =>
    page.route('**/events', route => route.fulfill({ status: 502 }), { times: 1 }),
  )
  await alert('warning', 'Heard after all')
  t.equal(await page.locator('.warning h2').textContent(), 'Heard after all')
})

t.test('a page shows the gap when the gateway lost Redis', async t => {
  const { redis, url } = await startNotifications(t)
  const page = await openPage(t, url)
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  t.match(await page.locator('.note').textContent(), /^Alerts sent between .+ and .+ may be missing\.$/)
})

t.test('a refused alert says why, with exit code 1', async t => {
  const { url } = await startNotifications(t)
  const refused = runExample(t, 'notifications/alert.js', { args: ['gap'], environment: { GATEWAY_URL: url } })
  t.match(JSON.parse(await refused.next()), { status: 400, title: String })
  t.equal(await refused.exited, 1)
})
