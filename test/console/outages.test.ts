import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { openConsole } from '../support/console-page.js'
import { build, startGateway } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'

const browser = await openBrowser(t)

t.test(
  'a gap shows where it is, among the messages and in the list of events, and so does Redis when it is away',
  async t => {
    const port = await freePort()
    const redis = await startRedis(t, { port })
    const { url } = await build(t, { redisUrl: redis.url })
    const { page, complaints, listen } = await openConsole(t, browser, url)
    await page.locator('#health', { hasText: 'ready' }).waitFor()
    await listen('news chat:*')
    await redis.cli('PUBLISH', 'news', 'before')
    await page.locator('#tail-log li', { hasText: 'before' }).waitFor()
    await redis.stop()
    await page.locator('#health', { hasText: /Redis/ }).waitFor()
    await page.locator('#channels-note.bad').waitFor()
    await page.getByLabel('Message', { exact: true }).fill('lost')
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.locator('#publish-result', { hasText: /^503/ }).waitFor()
    t.equal(await page.locator('#tail-state').textContent(), 'live', 'the stream stays open')
    const again = await startRedis(t, { port })
    await page.locator('#tail-log .gap').nth(1).waitFor()
    t.same((await page.locator('#tail-log .gap .channel').allTextContents()).sort(), ['chat:*', 'news'])
    t.match(await page.locator('#events-list .gap').first().textContent(), 'the gateway lost its connection to Redis')
    t.equal(await page.locator('#events-gaps').textContent(), '2 gaps')
    t.match(
      await page.locator('#announcer').textContent(),
      /^Messages on \S+ may be missing/,
      'who does not see it hears it',
    )
    await page.locator('#health', { hasText: 'ready' }).waitFor()
    await again.cli('PUBLISH', 'news', 'after')
    await page.locator('#tail-log li', { hasText: 'after' }).waitFor()
    t.same(complaints, [])
  },
)

t.test('it outlives a restart of its gateway', async t => {
  // Who comes back sooner may meet the gateway that is about to end, and loses its stream once more.
  const environment = { PORT: `${await freePort()}`, RETRY_MS: '2000', DRAIN_DELAY_SECONDS: '0' }
  const gateway = await startGateway(t, environment)
  const { page, complaints, listen } = await openConsole(t, browser, gateway.url)
  await listen('news')
  await gateway.stop('SIGTERM')
  await page.locator('#tail-state', { hasText: 'reconnecting' }).waitFor()
  await page.locator('#health', { hasText: 'cannot be reached' }).waitFor()
  await startGateway(t, environment)
  await page.locator('#tail-state', { hasText: 'live' }).waitFor()
  await page.locator('#tail-log .gap', { hasText: 'this page was not connected' }).waitFor()
  t.match(await page.locator('#events-list li').allTextContents(), [/Live again/, /Gap on news/, /Lost/, /Live/])
  t.same(complaints, [])
})
