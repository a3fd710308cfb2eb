import t from 'tap'
import { halfOpen } from '../../src/node-internals/half-open.js'
import { openSse } from '../support/clients.js'
import { onBothWays } from '../support/fast-paths.js'
import { build } from '../support/gateway.js'
import { openSocket, readToEnd, requestText } from '../support/raw-http.js'
import { until } from '../support/until.js'

const keep = { headers: { connection: 'keep-alive' } }

onBothWays(t, halfOpen, 'a publish of a client that closes its sending side is executed', async t => {
  const { url, port } = await build(t)
  const stream = await openSse(t, `${url}/channels/news/events`)
  const socket = await openSocket(t, port)
  socket.end(requestText('POST', '/channels/news', { ...keep, body: 'hello' }))
  t.equal((await stream.next()).data, 'hello')
})

onBothWays(t, halfOpen, 'a long poll of a client that closes its sending side', async (t, isFast) => {
  const { url, port } = await build(t, { config: { HISTORY: 'news=10' } })
  const socket = await openSocket(t, port)
  const answer = readToEnd(socket)
  socket.end(requestText('GET', '/channels/news/messages?last=0&wait=60', keep))
  if (isFast) {
    const count = async () => (await fetch(`${url}/channels/news/subscribers`)).json() as Promise<{ listeners: number }>
    await until(async () => (await count()).listeners === 1, 'it waits')
    await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })
    t.match(await answer, /HTTP\/1\.1 200 .*hello/s)
  } else t.equal(await answer, '', 'ends without an answer')
})
