import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

/** What the page keeps. */
interface Page {
  state: { opened: number; seen: string[] }
}

// Chromium's own EventSource; the page does nothing about the restart.
t.test('an EventSource has no hole and no duplicate when its gateway is restarted', async t => {
  const redis = await startRedis(t)
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<title>app</title>')
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  t.teardown(() => {
    site.close()
    site.closeAllConnections()
  })
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}` // it listens on TCP
  const environment = {
    REDIS_URL: redis.url,
    HISTORY: '*',
    LOG_LEVEL: 'warn',
    RETRY_MS: '100',
    DRAIN_DELAY_SECONDS: '0',
    ALLOWED_ORIGINS: origin,
  }
  const [gateway, other] = await Promise.all([startGateway(t, environment), startGateway(t, environment)])
  const sent: string[] = []
  const publish = async (text = `m${sent.length + 1}`) => {
    const answer = await fetch(`${other.url}/channels/news`, { method: 'POST', body: text })
    t.equal(answer.status, 200)
    await answer.arrayBuffer()
    sent.push(text)
  }

  const page = await (await openBrowser(t)).newPage()
  await page.goto(origin)
  await page.evaluate(async url => {
    const source = new EventSource(url)
    const state = { source, opened: 0, seen: [] as string[] }
    Object.assign(globalThis, { state })
    source.onmessage = ({ data }) => state.seen.push(data)
    source.addEventListener('gap', event => state.seen.push(`gap ${(event as MessageEvent).data}`))
    source.onopen = () => state.opened++
    await new Promise(resolve => source.addEventListener('open', resolve, { once: true }))
  }, `${gateway.url}/channels/news/events`)
  await publish()
  await page.waitForFunction(() => (globalThis as unknown as Page).state.seen.length === 1)

  let restarted = false
  const restart = async () => {
    t.equal(await gateway.stop('SIGTERM'), 0)
    await publish('while it is away')
    await startGateway(t, { ...environment, PORT: `${gateway.port}` })
    await page.waitForFunction(() => (globalThis as unknown as Page).state.opened === 2)
    restarted = true
  }
  const restarting = restart()
  // All the while; less than the history holds.
  while (!restarted && sent.length < 900) {
    await publish()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  await restarting
  await publish('end')
  await page.waitForFunction(() => (globalThis as unknown as Page).state.seen.includes('end'))
  const { seen, opened } = await page.evaluate(() => {
    const { seen, opened } = (globalThis as unknown as Page).state
    return { seen, opened }
  })
  t.same(seen, sent)
  t.equal(opened, 2)
})
