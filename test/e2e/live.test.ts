import t from 'tap'
import { openSse, openWebSocket } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

const TRIES = 1000

t.test('a message published right after the stream opens arrives, in 1,000 of 1,000 tries', async t => {
  const redis = await startRedis(t)
  const environment = { REDIS_URL: redis.url, LOG_LEVEL: 'warn' }
  const [listening, publishing] = await Promise.all([startGateway(t, environment), startGateway(t, environment)])

  /** Opens a stream on a channel of its own, publishes as soon as it is open, and waits for it. */
  const attempts = async (what: string, attempt: (channel: string) => Promise<string>) => {
    let arrived = 0
    let next = 0
    const worker = async () => {
      while (next < TRIES) {
        const channel = `${what}-${next++}`
        if ((await attempt(channel)) === channel) arrived++
      }
    }
    await Promise.all(Array.from({ length: 20 }, worker))
    t.equal(arrived, TRIES, what)
  }
  const publish = async (channel: string) => {
    const response = await fetch(`${publishing.url}/channels/${channel}`, { method: 'POST', body: channel })
    if (!response.ok) throw new Error(`the publish was answered with ${response.status}`)
  }
  // Each stream is closed right here: two thousand teardowns would be a test of the test runner.
  const scope = { teardown: () => {} }

  await attempts('sse', async channel => {
    const stream = await openSse(scope, `${listening.url}/channels/${channel}/events`)
    await publish(channel)
    const { data } = await stream.next()
    stream.close()
    return data
  })
  await attempts('ws', async channel => {
    const client = await openWebSocket(scope, `${listening.url}/channels/${channel}/ws`)
    await publish(channel)
    const { data } = await client.next()
    client.socket.terminate()
    return data
  })
})
