import t, { type Test } from 'tap'
import { openNdjson, openSse, openWebSocket } from '../support/clients.js'
import { build, startGateway } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

const BROKERS: Record<string, (t: Test) => Promise<string | undefined>> = {
  'embedded broker': async () => undefined,
  Redis: async t => (await startRedis(t)).url,
}

/** Nothing was published within the last second, or from now on. */
const WINDOWS = ['since=1s', 'since=2100-01-01T00:00:00Z', 'last=0']

const publish = async (url: string, data: string) => {
  const answer = await fetch(`${url}/channels/news`, { method: 'POST', body: data })
  return ((await answer.json()) as { id: string }).id
}

const dataOf = async (url: string, query: string): Promise<string[]> => {
  const page = (await (await fetch(`${url}/channels/news/messages?${query}`)).json()) as {
    messages: { data: string }[]
  }
  return page.messages.map(({ data }) => data)
}

/** Asks each kind of stream for the window, and resolves with the cursor that it is told. */
const KINDS: Record<string, (t: Test, url: string, window: string) => Promise<string | undefined>> = {
  'SSE, by an open event': async (t, url, window) =>
    (await (await openSse(t, `${url}/channels/news/events?position=true&${window}`)).next()).id,
  'SSE, by an id alone': async (t, url, window) => {
    const stream = await openSse(t, `${url}/channels/news/events?${window}`)
    await until(() => stream.text().includes('id: '), 'an id')
    return /^id: (.*)$/m.exec(stream.text())?.[1]
  },
  NDJSON: async (t, url, window) => {
    const open = await (await openNdjson(t, `${url}/channels/news/events?position=true&${window}`)).next()
    return (open as { cursor?: string }).cursor
  },
  'several channels': async (t, url, window) => {
    const stream = await openSse(t, `${url}/events?channel=news&channel=other&position=true&${window}`)
    // Each channel is told when it is known; the last one tells both.
    for (;;) {
      const { id = '' } = await stream.next()
      if (id.includes('.')) return id
    }
  },
  'a bare WebSocket': async (t, url, window) => {
    const frame = await (await openWebSocket(t, `${url}/channels/news/ws?position=true&${window}`)).next()
    t.ok(frame.isBinary, 'a control event, which no message looks like')
    return (JSON.parse(frame.data) as { cursor?: string }).cursor
  },
  'a WebSocket with envelopes': async (t, url, window) => {
    const query = `format=envelope&position=true&${window}`
    const frame = await (await openWebSocket(t, `${url}/channels/news/ws?${query}`)).next()
    return (JSON.parse(frame.data) as { cursor?: string }).cursor
  },
  'the multiplexed WebSocket': async (t, url, window) => {
    const socket = await openWebSocket(t, `${url}/ws`)
    const [name = '', value = ''] = window.split('=')
    socket.send({ type: 'subscribe', channel: 'news', [name]: name === 'last' ? Number(value) : value })
    const subscribed = JSON.parse((await socket.next()).data) as { id?: string }
    return subscribed.id ?? (JSON.parse((await socket.next()).data) as { cursor?: string }).cursor
  },
  'a page': async (_t, url, window) => {
    const answer = await fetch(`${url}/channels/news/messages?${window}`)
    return ((await answer.json()) as { next: string }).next
  },
  'a long poll': async (_t, url, window) => {
    const answer = await fetch(`${url}/channels/news/messages?wait=0.1&${window}`)
    return ((await answer.json()) as { next: string }).next
  },
}

for (const [name, start] of Object.entries(BROKERS)) {
  t.test(`${name}: a client gets its position, no matter what the window held`, async t => {
    const redisUrl = await start(t)
    const { url } = await build(t, { config: { HISTORY: '*' }, ...(redisUrl && { redisUrl }) })
    await publish(url, 'old')
    await until(async () => (await dataOf(url, 'since=1s')).length === 0, 'the message is older than a second')
    for (const window of WINDOWS) {
      const cursors = new Map<string, string | undefined>()
      for (const [kind, ask] of Object.entries(KINDS)) cursors.set(kind, await ask(t, url, window))
      await publish(url, 'missed')
      for (const [kind, cursor] of cursors)
        t.same(cursor && (await dataOf(url, `after=${cursor}`)), ['missed'], `${kind}, ${window}, goes on from there`)
      await until(async () => (await dataOf(url, 'since=1s')).length === 0, 'the window is empty again')
    }
  })
}

t.test('a duration counts back from the clock of Redis, no matter the clock of the gateway', async t => {
  const redis = await startRedis(t)
  for (const minutes of [-5, 5]) {
    const shift = `const n=Date.now;Date.now=()=>n()+${minutes * 60_000}`
    const { url } = await startGateway(t, {
      REDIS_URL: redis.url,
      HISTORY: '*',
      LOG_LEVEL: 'warn',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}`,
    })
    await publish(url, `${minutes}`)
    t.ok((await dataOf(url, 'since=1m')).includes(`${minutes}`), `${minutes} minutes wrong`)
    await until(async () => !(await dataOf(url, 'since=1s')).includes(`${minutes}`), 'the window moves on')
    const stream = await openSse(t, `${url}/channels/news/events?since=1m`)
    t.match(await stream.find(({ data }) => data === `${minutes}`), { data: `${minutes}` })
  }
})
