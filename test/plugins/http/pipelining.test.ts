import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { build } from '../../support/gateway.js'
import { openSocket, requestText } from '../../support/raw-http.js'
import { until } from '../../support/until.js'

const MANY = 5000
/** Calls back when an answer is made, whether it can be sent or not. */
function onAnswer({ server }: FastifyInstance, call: (method: string) => void): void {
  server.on('request', ({ method = '' }, response) => {
    const end = response.end.bind(response)
    Object.assign(response, {
      end: (...what: Parameters<typeof end>) => {
        call(method)
        return end(...what)
      },
    })
  })
}

const ask = (path: string) => requestText('GET', path, { headers: { connection: 'keep-alive' } })

t.test('requests in a pipeline are executed one after the other, and others have their turn between', async t => {
  const { app, url, port } = await build(t)
  const taken: string[] = []
  onAnswer(app, method => void taken.push(method))
  const socket = await openSocket(t, port)
  let answers = ''
  socket.on('data', data => {
    answers += data.toString('latin1')
  })
  const answered = () => answers.split('HTTP/1.1 200').length - 1
  socket.write(ask('/healthz').repeat(MANY))
  await until(async () => answered() > 0, 'the first is answered')
  t.equal((await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello' })).status, 200)
  await until(async () => answered() === MANY, 'each is answered')
  const before = taken.indexOf('POST')
  t.ok(before > 0 && before < MANY / 2, `${before} were executed before that of somebody else`)

  // Also with bodies, and in their order.
  answers = ''
  for (let i = 0; i < 100; i++)
    socket.write(
      requestText('POST', `/channels/c${i}`, { headers: { connection: 'keep-alive' }, body: 'x'.repeat(2000) }),
    )
  await until(async () => answered() === 100, 'each publish is answered')
  t.same(
    [...answers.matchAll(/"channel":"c(\d+)"/g)].map(([, i]) => Number(i)),
    Array.from({ length: 100 }, (_, i) => i),
  )
  socket.destroy()
})

t.test('a client that does not read its answers gets no further ones', async t => {
  const { app, url, port } = await build(t)
  let taken = 0
  onAnswer(app, () => void taken++)
  const socket = await openSocket(t, port)
  socket.pause()
  socket.write(ask('/openapi.json').repeat(500)) // 50 MB of answers
  await until(async () => taken > 0, 'the first is executed')
  let last = 0
  const standsStill = () => {
    const before = last
    last = taken
    return before === taken
  }
  await until(async () => standsStill(), 'it stands still')
  t.ok(taken < 250, `${taken} were executed`)
  t.equal((await fetch(`${url}/healthz`)).status, 200)
  socket.destroy()
})
