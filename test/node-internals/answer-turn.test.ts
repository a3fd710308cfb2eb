import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import { answerTurn, dueAnswer, hasTurn, onTurn, watchAnswers } from '../../src/node-internals/answer-turn.js'
import { onBothWays } from '../support/fast-paths.js'
import { build } from '../support/gateway.js'
import { openSocket, readToEnd, readUntil, requestText } from '../support/raw-http.js'

const keep = { headers: { connection: 'keep-alive' } }

onBothWays(t, answerTurn, 'each answer of a pipeline has its turn when those before it have gone', async t => {
  const answers: ServerResponse[] = []
  const sockets = new Set<Socket>()
  const server = createServer().listen(0, '127.0.0.1')
  const all = new Promise<void>(resolve => {
    server.prependListener('request', ({ socket }, response) => {
      sockets.add(socket)
      if (answers.push(response) === 3) resolve()
    })
  })
  watchAnswers(server)
  t.teardown(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  const client = await openSocket(t, port)
  client.write(requestText('GET', '/', keep).repeat(3))
  await all
  const [socket] = sockets
  if (!socket) throw new Error('there was no request')
  t.equal(sockets.size, 1)
  t.same(answers.map(hasTurn), [true, false, false])
  const turns: number[] = []
  for (const [i, answer] of answers.entries())
    onTurn(answer, () => {
      turns.push(i)
      t.ok(hasTurn(answer))
      t.ok(dueAnswer(socket))
    })
  t.same(turns, [0], 'at once')
  for (const [i, answer] of answers.entries()) {
    const gone = once(answer, 'close')
    answer.end(`${i}`)
    await gone
  }
  t.same(turns, [0, 1, 2])
  t.equal(dueAnswer(socket), undefined)
  t.same(answers.slice(1).map(hasTurn), answerTurn.isInUse ? [false, false] : [true, true])
})

onBothWays(t, answerTurn, 'publishes of a pipeline are executed in their order', async t => {
  const { port } = await build(t)
  const socket = await openSocket(t, port)
  const bodies = Array.from({ length: 20 }, (_, i) => `${i}`)
  const answers = readUntil(socket, /"channel":"c19"/)
  socket.write(bodies.map(body => requestText('POST', `/channels/c${body}`, { ...keep, body })).join(''))
  t.same(
    [...(await answers).matchAll(/"channel":"c(\d+)"/g)].map(([, channel]) => channel),
    bodies,
  )
})

onBothWays(t, answerTurn, 'an upgrade in a pipeline ends the connection after the answers that are due', async t => {
  const { port } = await build(t)
  const socket = await openSocket(t, port)
  const all = readToEnd(socket)
  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
  const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
  socket.write(
    requestText('GET', '/healthz', keep).repeat(2) + requestText('GET', '/ws', { headers: { ...upgrade, ...key } }),
  )
  t.equal((await all).match(/HTTP\/1\.1 200/g)?.length, 2)
  t.notMatch(await all, 'HTTP/1.1 101')
})

onBothWays(t, answerTurn, 'a stream in a pipeline opens behind the answer before it', async t => {
  const { url, port } = await build(t)
  const socket = await openSocket(t, port)
  const opened = readUntil(socket, 'retry:')
  socket.write(requestText('GET', '/healthz', keep) + requestText('GET', '/channels/a/events', keep))
  const [, first, second] = (await opened).split('HTTP/1.1 200 OK\r\n')
  t.match(first, '{"status":"ok"}')
  t.match(second, 'text/event-stream')
  const message = readUntil(socket, 'data: hello')
  await fetch(`${url}/channels/a`, { method: 'POST', body: 'hello' })
  t.ok(await message)
})
