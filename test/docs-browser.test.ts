import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createApiKey } from '../src/access/api-keys.js'
import { openBrowser } from './support/browser.js'
import { fencesOf } from './support/doc-page.js'
import { build } from './support/gateway.js'
import { startRedis } from './support/redis.js'
import { until } from './support/until.js'

/*
 * docs/access.md, "a browser with a ticket": the page's lines as they stand, on a page that a backend serves, which
 * asks for tickets with its key by the command of the same section.
 */
const RECIPE = fencesOf('docs/access.md').find(({ text }) => text.includes('async function listen'))?.text ?? ''
const COMMAND = fencesOf('docs/access.md').find(({ text }) => text.includes('https://events.example.com/tickets'))?.text
const TICKET_BODY = /-d '(.+?)'/.exec(COMMAND ?? '')?.[1] ?? ''

async function openApp(t: Test, host: string) {
  const { key, entry } = createApiKey('backend', { publish: ['*'], subscribe: ['*'] })
  const redis = await startRedis(t)
  const tickets = { asked: 0 }
  const authorization = { authorization: `Bearer ${key}` }
  const server = createServer(async (request, response) => {
    if (request.url !== '/my-backend/ticket')
      return response.setHeader('content-type', 'text/html').end('<title>app</title>')
    tickets.asked++
    const headers = { ...authorization, 'content-type': 'application/json' }
    const answer = await fetch(`${gateway.url}/tickets`, { method: 'POST', headers, body: TICKET_BODY })
    response.setHeader('content-type', 'application/json').end(await answer.text())
  }).listen(0, host)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const origin = `http://${host}:${(server.address() as AddressInfo).port}` // it listens on TCP
  const config = { API_KEYS: JSON.stringify([entry]), ALLOWED_ORIGINS: origin, RETRY_MS: 50 }
  const gateway = await build(t, { redisUrl: redis.url, config })
  const sockets = new Set<Socket>()
  gateway.app.server.on('connection', socket => sockets.add(socket))

  const page = await (await openBrowser(t)).newPage()
  await page.goto(origin)
  const heard: string[] = []
  await page.exposeFunction('hear', (data: string) => heard.push(data))
  // The second or more until the next try is not what is looked at.
  await page.evaluate(
    'const wait = setTimeout; window.setTimeout = (call, ms, ...rest) => wait(call, ms / 20, ...rest)',
  )
  await page.addScriptTag({
    content: `${RECIPE.replace('https://events.example.com', gateway.url)}
      listen(({ data }) => hear(data))`,
  })
  /** Publishes until it is heard: nothing tells from outside when the page listens. */
  const hears = (data: string) =>
    until(async () => {
      await gateway.app.inject({ method: 'POST', url: '/channels/user:7:mail', headers: authorization, payload: data })
      return heard.includes(data)
    }, `the page hears ${data}`)
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return { hears, cut, tickets }
}

t.test('a page of the same site listens with one ticket, also after its connection broke', async t => {
  const { hears, cut, tickets } = await openApp(t, '127.0.0.1')
  await hears('one')
  cut()
  await hears('two')
  t.equal(tickets.asked, 1, 'the browser came back by itself')
})

t.test('a page of another site, to which the cookie does not come back, gets a new ticket', async t => {
  const { hears, cut, tickets } = await openApp(t, 'localhost')
  await hears('one')
  cut()
  await hears('two')
  t.equal(tickets.asked, 2)
})
