import t from 'tap'
import { startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

const CLIENTS = 300
const KEPT = 1000
const LIVE = 100

t.test('300 clients that reconnect at once catch up ten at a time, exactly once and in order', async t => {
  const redis = await startRedis(t)
  const { url } = await startGateway(t, {
    REDIS_URL: redis.url,
    HISTORY: `*=${KEPT + LIVE}`,
    MAX_REPLAYS: '10',
    LOG_LEVEL: 'warn',
  })
  const messages = Array.from({ length: KEPT + LIVE }, (_, i) => ({ channel: 'news', data: `m${i + 1}` }))
  const ids: string[] = []
  for (let i = 0; i < KEPT; i += 50) {
    const answer = await fetch(`${url}/publish`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: messages.slice(i, i + 50) }),
    })
    const { results } = (await answer.json()) as { results: { id: string }[] }
    ids.push(...results.map(({ id }) => id))
  }

  let ended = 0
  const expected = messages.slice(1).map(({ data }) => data)
  const signal = AbortSignal.timeout(60_000)
  const clients = Array.from({ length: CLIENTS }, async () => {
    const query = `after=${ids[0]}&limit=${expected.length}`
    const answer = await fetch(`${url}/channels/news/events?${query}`, {
      headers: { accept: 'application/x-ndjson' },
      signal,
    })
    const text = await answer.text()
    ended++
    return text
  })
  const slowest = { ms: 0 }
  const publishing = async () => {
    for (const { data } of messages.slice(KEPT)) {
      t.equal(ended, 0, 'no client has everything before everything is published')
      const began = performance.now()
      const answer = await fetch(`${url}/channels/news`, { method: 'POST', body: data })
      await answer.arrayBuffer()
      slowest.ms = Math.max(slowest.ms, performance.now() - began)
    }
  }
  const [texts] = await Promise.all([Promise.all(clients), publishing()])
  const [first = '', ...others] = texts.map(text => text.replaceAll(/^\n/gm, '')) // without heartbeats
  t.same(
    first
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line).data),
    expected,
  )
  t.equal(others.filter(text => text === first).length, CLIENTS - 1, 'the others, to the byte')
  t.comment(`the slowest publish meanwhile took ${Math.round(slowest.ms)} ms`)
})
