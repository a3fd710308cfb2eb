import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import WebSocket from 'ws'
import { yieldCooperatively } from '../../src/streams/cooperative-yielding.js'
import { build } from '../support/gateway.js'
import { until } from '../support/until.js'

t.test('frames that came together are taken in their order, a few in each turn of the event loop', async t => {
  const taken: number[] = []
  const calls: string[] = []
  const webSocket = { pause: () => void calls.push('pause'), resume: () => void calls.push('resume') }
  const receive = yieldCooperatively(webSocket, frame => void taken.push(frame.readUInt16BE()))
  const frames = Array.from({ length: 200 }, (_, i) => Buffer.from([i >> 8, i & 255]))
  for (const frame of frames) receive(frame)
  const sizes = [taken.length]
  for (let i = 0; i < 3; i++) {
    await turn()
    sizes.push(taken.length)
  }
  t.same(sizes, [64, 128, 192, 200])
  t.same(taken, [...frames.keys()])
  t.same(calls, ['pause', 'resume'], 'it reads on when what was read is taken')
  receive(Buffer.from([1, 0]))
  t.equal(taken.length, 201, 'and takes at once again')
})

const MANY = 10_000

t.test('frames of a client that sends as fast as it can do not keep others waiting for all of them', async t => {
  const { url } = await build(t)
  const webSocket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  t.teardown(() => webSocket.terminate())
  await once(webSocket, 'open')
  const refs: number[] = []
  webSocket.on('message', data => void refs.push(JSON.parse(`${data}`).ref))
  for (let ref = 0; ref < MANY; ref++) webSocket.send(`{"type":"ping","ref":${ref}}`)
  t.equal((await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })).status, 200)
  t.ok(refs.length < MANY, `${refs.length} frames were answered before`)
  await until(async () => refs.length === MANY, 'each is answered')
  t.same(refs, [...refs.keys()], 'in their order')
})
