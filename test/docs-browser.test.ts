import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createApiKey } from '../src/access/api-keys.js'
import { packageFile } from '../src/support/package.js'
import { openBrowser } from './support/browser.js'
import { fencesOf } from './support/doc-page.js'
import { build } from './support/gateway.js'
import { startRedis } from './support/redis.js'
import { until } from './support/until.js'

/*
 * What the docs give to browsers, run there as it stands; the JavaScript of docs/client.md is run by
 * test/client/module.test.ts, and that of the guides by test/docs-listen.test.ts and test/docs-guides.test.ts.
 *
 * docs/access.md, "Tickets": the page's lines as they stand, on a page that a backend serves, which
 * asks for tickets with its key by the command of the same section.
 */
const browser = await openBrowser(t)
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

  const page = await browser.newPage()
  t.teardown(() => page.close())
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

t.test('README.md: the line for the developer tools works in those of the console', async t => {
  const [, line = ''] = /`(new EventSource\(.+?)`/.exec(await readFile(packageFile('README.md'), 'utf8')) ?? []
  const { url } = await build(t)
  const page = await browser.newPage()
  t.teardown(() => page.close())
  const said: string[] = []
  page.on('console', message => said.push(message.text()))
  await page.goto(url)
  t.equal(page.url(), `${url}/console`, 'where a browser is led to')
  await page.evaluate(line)
  await until(async () => {
    await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })
    return said.includes('hello')
  }, 'the line says what comes')
})

t.test('docs/recipes.md: a page that alerts a person, and reloads after a gap', async t => {
  const fences = fencesOf('docs/recipes.md')
  const recipe = fences.find(({ language, text }) => language === 'html' && text.includes('alert('))?.text ?? ''
  const [, body = '', path = ''] = /-d '(.+?)' '127\.0\.0\.1:3000(.+?)'/.exec(fences[1]?.text ?? '') ?? []
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.route('**/app', route => route.fulfill({ contentType: 'text/html', body: recipe }))
  const alerts: string[] = []
  page.on('dialog', dialog => {
    alerts.push(dialog.message())
    return dialog.dismiss()
  })
  let loads = 0
  page.on('load', () => loads++)
  await page.goto(`${url}/app`)
  const isAlerted = async () => {
    await fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return alerts.length > 0
  }
  await until(isAlerted, 'the person is alerted')
  t.equal(alerts[0], JSON.parse(body).text)

  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until(() => loads === 2, 'it is loaded anew')
  alerts.length = 0
  await until(isAlerted, 'and listens again')
})

t.test('docs/recipes.md: a WebSocket that hears what it says', async t => {
  const [, code = ''] = /`(new WebSocket\(.+?\))`/.exec(await readFile(packageFile('docs/recipes.md'), 'utf8')) ?? []
  const { url, port } = await build(t)
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.goto(`${url}/console`)
  const heard = await page.evaluate(`new Promise((resolve, reject) => {
    const socket = ${code.replace('127.0.0.1:3000', `127.0.0.1:${port}`)}
    socket.onopen = () => socket.send('hello')
    socket.onmessage = ({ data }) => resolve(data)
    socket.onclose = reject
  })`)
  t.equal(heard, 'hello')
})
