import t from 'tap'
import { attackedGateway } from '../support/attacked.js'
import { openWebSocket } from '../support/clients.js'
import { openSocket, requestText } from '../support/raw-http.js'
import { until } from '../support/until.js'

const COUNT = 10_000
const DATA = 'x'.repeat(4096)

/** What may be answered while Redis is frozen: sent and not answered; not sent, as too much waits; not sent, as it has been given up. */
const ANSWERS = /^urn:carillon:problem:(?:outcome-unknown|overloaded|broker-unavailable)$/

t.test(
  'a client that keeps publishing while Redis is frozen gets an answer each time, and cannot fill the memory',
  async t => {
    const { url, port, redis, leavesNothing } = await attackedGateway(t, {
      REDIS_TIMEOUT_MS: 4000,
      MAX_BUFFERED_BYTES: 32 * 1024 * 1024,
    })
    const bare = await openWebSocket(t, `${url}/channels/news/ws?format=envelope`)
    const multiplexed = await openWebSocket(t, `${url}/ws`)
    const http = await openSocket(t, port)
    let text = ''
    http.on('data', chunk => (text += chunk))

    redis.process.kill('SIGSTOP')
    for (let i = 0; i < COUNT; i++) bare.socket.send(DATA)
    for (let i = 0; i < COUNT; i++) multiplexed.send({ type: 'publish', channel: 'news', data: DATA, ref: i })
    http.write(
      requestText('POST', '/channels/news', { headers: { connection: 'keep-alive' }, body: DATA }).repeat(COUNT),
    )

    const long = { seconds: 60 }
    const errors = () => bare.all.filter(({ data }) => data.includes('"error"'))
    await until(() => errors().length === COUNT, 'each frame has its answer', long)
    await until(() => multiplexed.all.length === COUNT, 'each request has its answer', long)
    const statuses = () => text.match(/HTTP\/1\.1 \d+/g) ?? []
    await until(() => statuses().length === COUNT, 'each POST has its answer', long)

    const told = {
      bare: errors().map(({ data }) => JSON.parse(JSON.parse(data).data).type as string),
      multiplexed: multiplexed.all.map(({ data }) => JSON.parse(data).problem.type as string),
    }
    for (const [what, types] of Object.entries(told)) {
      t.same(
        types.filter(type => !ANSWERS.test(type)),
        [],
        `${what}: in words that say what became of it`,
      )
    }
    t.same(new Set(multiplexed.all.map(({ data }) => JSON.parse(data).ref)).size, COUNT, 'each of its own')
    t.same([...new Set(statuses())].sort(), ['HTTP/1.1 503', 'HTTP/1.1 504'])
    const all = [...told.bare, ...told.multiplexed]
    const sent = all.filter(type => type.endsWith('outcome-unknown')).length
    t.ok(sent < 8192, `${sent} waited for Redis, the others were refused`)

    redis.process.kill('SIGCONT')
    await until(async () => (await fetch(`${url}/readyz`)).status === 200, 'Redis is back')
    multiplexed.send({ type: 'publish', channel: 'news', data: 'after', ref: 'after' })
    await multiplexed.find(({ data }) => data.includes('"published"') && data.includes('"after"'))
    await bare.find(({ data }) => data.includes('"after"'))
    for (const { socket, closed } of [bare, multiplexed]) {
      socket.close()
      await closed
    }
    http.destroy()
    await leavesNothing('a flood')
  },
)
