import t from 'tap'
import { upgradeChoice } from '../../src/node-internals/upgrade-choice.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { onBothWays } from '../support/fast-paths.js'
import { build } from '../support/gateway.js'
import { exchange, openSocket, readUntil, requestText } from '../support/raw-http.js'

const H2C = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAA' }
/** Node hands over a request with a body before the body has come. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const handsOverEarly = major > 24 || (major === 24 && minor >= 9)

onBothWays(t, upgradeChoice, 'a publish that offers HTTP/2', async (t, isFast) => {
  const { url, port } = await build(t)
  const stream = await openSse(t, `${url}/channels/news/events`)
  const publish = requestText('POST', '/channels/news', { headers: H2C, body: 'hello' })
  if (isFast || !handsOverEarly) {
    const socket = await openSocket(t, port)
    const answer = readUntil(socket, '"receivers":1')
    socket.write(publish)
    t.match(await answer, 'HTTP/1.1 200')
    t.equal((await stream.next()).data, 'hello')
  } else {
    const { status, body } = await exchange(t, port, publish)
    t.equal(status, 400, 'it is refused, and told why')
    t.match(JSON.parse(body), { detail: /cannot ask for an upgrade/ })
  }
  t.equal((await fetch(`${url}/healthz`)).status, 200)
})

onBothWays(t, upgradeChoice, 'a request without a body that offers HTTP/2 is served', async t => {
  const { port } = await build(t)
  const headers = { ...H2C, connection: `${H2C.connection}, close` }
  t.equal((await exchange(t, port, requestText('GET', '/healthz', { headers }))).status, 200)
})

onBothWays(t, upgradeChoice, 'a WebSocket opens', async t => {
  const { url } = await build(t)
  const socket = await openWebSocket(t, `${url}/channels/news/ws`)
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })
  t.equal((await socket.next()).data, 'hello')
})

onBothWays(t, upgradeChoice, 'a WebSocket handshake with a body is refused', async t => {
  const { port } = await build(t)
  const headers = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'content-length': '5' }
  const request = requestText('GET', '/ws', { headers: { ...headers, ...key }, body: 'hello' })
  const answer = await exchange(t, port, request + requestText('POST', '/channels/news', { body: 'smuggled' }))
  t.equal(answer.status, 400)
  t.notMatch(answer.body, 'HTTP/1.1')
})
