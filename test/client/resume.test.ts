import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/browser.js'
import { type ClientPage, listening, load, openClientPage, openContext } from '../support/client-page.js'
import { lookAlike } from '../support/epochs.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

// What begins with `kept` has a history. Each test has channels of its own.
const browser = await openBrowser(t)
const redis = await startRedis(t)
const { app, url } = await build(t, { redisUrl: redis.url, config: { HISTORY: 'kept*', RETRY_MS: 50 } })

/** The streams that were asked for. */
const asked: { channels: string; cursor: string | undefined; socket: Socket }[] = []
app.server.prependListener('request', ({ url: path = '', headers, socket }) => {
  const { pathname, searchParams } = new URL(path, url)
  if (pathname !== '/events') return
  const channels = searchParams.getAll('channel').join()
  // The header is the newer one, where an `EventSource` comes back by itself.
  const cursor = headers['last-event-id'] ?? searchParams.get('last_event_id') ?? undefined
  asked.push({ channels, cursor: cursor?.toString(), socket })
})
const streamsOf = (channel: string) => asked.filter(({ channels }) => channels.includes(channel))
const cursorsOf = (channel: string) => streamsOf(channel).map(({ cursor }) => cursor)

/** Cuts the connections that have the channel. */
function cut(channel: string): void {
  for (const { socket } of streamsOf(channel)) socket.destroy()
}

async function listeners(channel: string): Promise<number> {
  const answer = await fetch(`${url}/channels/${channel}/subscribers`)
  return ((await answer.json()) as { listeners: number }).listeners
}

/** Not by a connection, which could be cut. Resolves with the id of the last one. */
async function publish(channel: string, ...texts: string[]): Promise<string> {
  let id = ''
  for (const payload of texts) {
    const answer = await app.inject({ method: 'POST', url: `/channels/${channel}`, payload })
    if (answer.statusCode !== 200) throw new Error(`the publish was answered with ${answer.statusCode}`)
    id = answer.json().id
  }
  return id
}

/** All messages up to the last one: each once, in order, and no gap in between. */
async function expectWhole(t: Test, client: ClientPage, texts: string[]) {
  await client.find(({ data }) => data === texts.at(-1))
  t.same(
    client.all.flatMap(({ data }) => (data === undefined ? [] : [data])),
    texts,
  )
  t.same(
    client.all.filter(({ gap }) => gap),
    [],
  )
}

t.test('resumes after a lost connection', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  await client.run(listening(['kept-cut']))
  await publish('kept-cut', '1', '2')
  await client.find(({ data }) => data === '2')
  cut('kept-cut')
  await publish('kept-cut', '3', '4')
  await client.find(({ data }) => data === '4')
  await publish('kept-cut', '5')
  await expectWhole(t, client, ['1', '2', '3', '4', '5'])
  t.match(cursorsOf('kept-cut'), [undefined, /^[\w-]{10,16}$/])
})

t.test('resumes from its start if no message has arrived yet, on any number of channels', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  await client.run(listening(['kept-still', 'kept-calm'], '{ remember: true }'))
  cut('kept-still')
  await publish('kept-still', '1')
  await client.find(({ data }) => data === '1')
  // Opened anew, which the browser does not do by itself.
  await client.page.goto('about:blank')
  await publish('kept-calm', '2')
  await load(client.page, url)
  await client.run(listening(['kept-still', 'kept-calm'], '{ remember: true }'))
  await publish('kept-calm', '3')
  await expectWhole(t, client, ['1', '2', '3'])

  const other = await openClientPage(await openContext(t, browser), url)
  await other.run(listening(['kept-new']))
  await publish('kept-new', 'a')
  await other.run(`await client.subscribe('kept-more', () => {}).live`)
  await publish('kept-new', 'b')
  await expectWhole(t, other, ['a', 'b'])
})

t.test('reports the loss on channels without a history', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  await client.run(listening(['kept-some', 'chat:*', 'plain']))
  await publish('kept-some', '1')
  await client.find(({ data }) => data === '1')
  cut('kept-some')
  await publish('kept-some', '2')
  await client.find(({ data }) => data === '2')
  await publish('kept-some', '3')
  await client.find(({ data }) => data === '3')
  t.match(
    client.all
      .flatMap(({ gap }) => (gap ? [gap] : []))
      .sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b))),
    [
      { channel: 'plain', reason: 'no_history' },
      { pattern: 'chat:*', reason: 'no_history' },
    ],
  )
})

t.test('a topic more opens another stream at the same place', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  await client.run(listening(['kept-first']))
  await publish('kept-first', '1')
  await client.find(({ data }) => data === '1')
  await publish('kept-first', '2')
  await client.run(`await client.subscribe(['kept-second', 'other'], () => {}).live`)
  await publish('kept-first', '3')
  await expectWhole(t, client, ['1', '2', '3'])
  t.match(cursorsOf('kept-first'), [undefined, /^[\w-]{10,16}$/])
})

t.test('resumes after a page reload', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  const start = listening(['kept-page'], '{ remember: true }')
  await client.run(start)
  await publish('kept-page', '1', '2')
  await client.find(({ data }) => data === '2')
  await client.page.goto('about:blank')
  await publish('kept-page', '3', '4')
  await load(client.page, url)
  await client.run(start)
  await publish('kept-page', '5')
  await expectWhole(t, client, ['1', '2', '3', '4', '5'])
})

t.test('reports what the history has lost, and delivers what is left', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  const start = listening(['kept-gone'], '{ remember: true }')
  await client.run(start)
  const before = await publish('kept-gone', '1')
  await client.find(({ data }) => data === '1')
  await client.page.goto('about:blank')
  for (let id = before; lookAlike(id, before); id = await publish('kept-gone', '2'))
    t.equal((await fetch(`${url}/channels/kept-gone/history`, { method: 'DELETE' })).status, 204)
  await load(client.page, url)
  await client.run(start)
  t.match(await client.find(({ gap }) => gap !== undefined), { gap: { channel: 'kept-gone', reason: 'history_reset' } })
  t.match(await client.find(({ data }) => data !== undefined), { data: '2' })
})

t.test('when the tab with the connection is closed in the middle of it, the others have all of it', async t => {
  const context = await openContext(t, browser)
  const tabs = [
    await openClientPage(context, url),
    await openClientPage(context, url),
    await openClientPage(context, url),
  ]
  for (const tab of tabs) await tab.run(listening(['kept-tabs'], '{ share: true }'))
  t.equal(await listeners('kept-tabs'), 1)
  const texts: string[] = []
  let flowing = true
  const flow = async () => {
    while (flowing) {
      texts.push(`${texts.length + 1}`)
      await publish('kept-tabs', `${texts.length}`)
      await new Promise(resolve => setTimeout(resolve, 2))
    }
  }
  const flowed = flow()
  const [first, ...others] = tabs
  for (const tab of tabs) await tab.find(({ data }) => Number(data) > 50)
  await first?.page.close()
  const sent = texts.length
  for (const tab of others) await tab.find(({ data }) => Number(data) > sent)
  await others[0]?.page.close()
  const later = texts.length
  await others[1]?.find(({ data }) => Number(data) > later)
  flowing = false
  await flowed
  await publish('kept-tabs', 'end')
  if (others[1]) await expectWhole(t, others[1], [...texts, 'end'])
  t.equal(await listeners('kept-tabs'), 1)
  t.match(cursorsOf('kept-tabs'), [undefined, /^[\w-]+$/, /^[\w-]+$/])
})
