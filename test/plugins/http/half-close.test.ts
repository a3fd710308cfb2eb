import t from 'tap'
import { build } from '../../support/gateway.js'
import { openSocket, parseAnswer, readToEnd, readUntil, requestText } from '../../support/raw-http.js'
import { until } from '../../support/until.js'

const keep = { headers: { connection: 'keep-alive' } }
const publish = (body: string) => requestText('POST', '/channels/news', { ...keep, body })

t.test('a client that closes its sending side behind a request gets the answer, and then the end', async t => {
  const { port } = await build(t)
  for (const [what, request, statuses] of [
    ['a publish', publish('hello'), ['200']],
    ['HTTP/1.0', requestText('POST', '/channels/news', { body: 'hello', version: '1.0' }), ['200']],
    ['a page', requestText('GET', '/docs', keep), ['200']],
    ['an error', requestText('GET', '/nothing', keep), ['404']],
    [
      'several requests',
      publish('one') + publish('two') + requestText('GET', '/channels', keep),
      ['200', '200', '200'],
    ],
    ['half a request', publish('hello').slice(0, -2), ['400']],
    ['nothing', '', []],
  ] as const) {
    const socket = await openSocket(t, port)
    const answer = readToEnd(socket)
    socket.end(request)
    t.same(
      [...(await answer).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
      statuses,
      what,
    )
  }
})

t.test('a long poll is answered, although its client has closed its sending side', async t => {
  const { url, port } = await build(t, { config: { HISTORY: 'news=10' } })
  const socket = await openSocket(t, port)
  const answer = readToEnd(socket)
  socket.end(requestText('GET', '/channels/news/messages?last=0&wait=60', keep))
  const listeners = async () =>
    ((await (await fetch(`${url}/channels/news/subscribers`)).json()) as { listeners: number }).listeners
  await until(async () => (await listeners()) === 1, 'it waits')
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })
  const { status, body } = parseAnswer(await answer)
  t.equal(status, 200)
  t.match(JSON.parse(body), { messages: [{ data: 'hello' }] })
})

t.test('a stream ends when its client closes the sending side, before it is open or after', async t => {
  const { app, url, port } = await build(t)
  const listeners = async () =>
    ((await (await fetch(`${url}/channels/news/subscribers`)).json()) as { listeners: number }).listeners
  for (const path of ['/channels/news/events', '/events?channel=news', '/upstash/subscribe/news']) {
    const early = await openSocket(t, port)
    const whole = readToEnd(early)
    early.end(requestText('GET', path, keep))
    await whole
    const late = await openSocket(t, port)
    late.write(requestText('GET', path, keep))
    await readUntil(late, '\r\n\r\n')
    t.equal(await listeners(), 1, path)
    const rest = readToEnd(late)
    late.end()
    await rest
    await until(async () => (await listeners()) === 0, `${path}: nobody listens`)
  }
  t.ok(app.server.listening)
})
