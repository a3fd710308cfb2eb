import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { bearer, secret, sign } from '../support/tokens.js'

/** What the page keeps. */
interface Page {
  state: { opened: number; data: string[] }
}

/*
 * Chromium's own EventSource with a ticket. It stands on a page of another origin (another port) of the same site, as
 * app.example.com and events.example.com are.
 */
t.test('an EventSource with a ticket resumes after a lost connection, and no other client can', async t => {
  const redis = await startRedis(t)
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<title>app</title>')
  }).listen(0, '127.0.0.1')
  await once(site, 'listening')
  t.teardown(() => site.close())
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}` // it listens on TCP
  const config = { JWT_SECRET: secret, ALLOWED_ORIGINS: origin, RETRY_MS: 50, JWT_CLOCK_TOLERANCE_SECONDS: 0 }
  const gateway = await build(t, { redisUrl: redis.url, config })
  const sockets = new Set<Socket>()
  gateway.app.server.on('connection', socket => sockets.add(socket))
  const headers = bearer(await sign({ claims: { carillon: { admin: ['*'] } } }))
  const publish = (data: string) => fetch(`${gateway.url}/channels/news`, { method: 'POST', body: data, headers })
  const ticketUrl = async (claims: object = {}) => {
    const token = await sign({ claims: { carillon: { subscribe: ['news'] }, ...claims } })
    const answer = await fetch(`${gateway.url}/tickets`, {
      method: 'POST',
      headers: { ...bearer(token), 'content-type': 'application/json' },
      body: '{"channels":["news"]}',
    })
    const { urls } = (await answer.json()) as { urls: { events: string } }
    return gateway.url + urls.events
  }

  const browser = await openBrowser(t)
  const page = await (await browser.newContext()).newPage()
  await page.goto(origin)
  const url = await ticketUrl()
  const listen = async (url: string) =>
    page.evaluate(async url => {
      const source = new EventSource(url, { withCredentials: true })
      const state = { source, opened: 0, data: [] as string[] }
      Object.assign(globalThis, { state })
      source.onmessage = ({ data }) => state.data.push(data)
      source.onopen = () => state.opened++
      await new Promise(resolve => source.addEventListener('open', resolve, { once: true }))
    }, url)
  await listen(url)
  await publish('one')
  await page.waitForFunction(() => (globalThis as unknown as Page).state.data.length === 1)

  // All its connections are cut, as by a bad network. The page does nothing about it.
  for (const round of [2, 3]) {
    for (const socket of sockets) socket.destroy()
    await page.waitForFunction(round => (globalThis as unknown as Page).state.opened === round, round)
  }
  await publish('two')
  await page.waitForFunction(() => (globalThis as unknown as Page).state.data.includes('two'))

  t.equal((await fetch(url)).status, 401, 'who has read the URL in a log gets nothing')
  const stranger = await (await browser.newContext()).newPage()
  await stranger.goto(origin)
  const outcome = await stranger.evaluate(
    url =>
      new Promise(resolve => {
        const source = new EventSource(url, { withCredentials: true })
        source.onerror = () => resolve(source.readyState)
        source.onopen = () => resolve('open')
      }),
    url,
  )
  t.equal(outcome, 2, 'nor does another browser: its EventSource is closed for good')
  t.equal(await page.evaluate('document.cookie'), '', 'no script sees the pass')
})
