import t from 'tap'
import { HURRY, listening, openClientPage, openContext } from '../support/client-page.js'
import { build } from '../support/gateway.js'

const { url } = await build(t)
const context = await openContext(t)

const post = async (path: string, body: string | Buffer) => {
  const response = await fetch(`${url}${path}`, { method: 'POST', body })
  if (!response.ok) throw new Error(`the publish was answered with ${response.status}`)
}
const counts = async (channel: string) => (await fetch(`${url}/channels/${channel}/subscribers`)).json()

t.test('channels and patterns share one connection, and each listener hears its own', async t => {
  const client = await openClientPage(context, url)
  const streams: string[] = []
  client.page.on('request', request => request.resourceType() === 'eventsource' && streams.push(request.url()))
  await client.run(`
    window.client = new Carillon()
    const hear = name => ({ channel, event, data }) => tell({ name, channel, ...(event && { event }), data })
    await Promise.all([
      client.subscribe('news', hear('news')).live,
      client.subscribe(['sport', 'chat:*'], hear('several')).live,
      client.subscribe('news', hear('prices'), { event: 'price' }).live,
    ])`)
  await post('/channels/news', 'a')
  await post('/channels/news?event=price', '42')
  await post('/channels/chat:1', 'b')
  await post('/channels/sport', 'c')
  t.same(await client.take(5), [
    { name: 'news', channel: 'news', data: 'a' },
    { name: 'news', channel: 'news', event: 'price', data: '42' },
    { name: 'prices', channel: 'news', event: 'price', data: '42' },
    { name: 'several', channel: 'chat:1', data: 'b' },
    { name: 'several', channel: 'sport', data: 'c' },
  ])
  t.same(streams, [`${url}/events?channel=news&channel=sport&pattern=chat%3A*&position=true`])
  await client.page.close()
})

t.test('text, JSON and bytes arrive as they were published', async t => {
  const client = await openClientPage(context, url)
  await client.run(listening(['shapes']))
  t.same(await client.take(2), [{ state: 'connecting' }, { state: 'open' }])
  const texts = ['', 'two\r\nlines\rand\u2028one', '{"eur":1.08}', '\ud83d\udd14']
  for (const text of texts) await post('/channels/shapes', text)
  await post('/channels/shapes', Buffer.from([0, 0xff, 10]))
  t.same(
    (await client.take(5)).map(({ data }) => data),
    [...texts, [0, 0xff, 10]],
  )
  t.same(
    await client.run(`
      const read = new Promise(resolve => client.subscribe('shapes', it => resolve(it.json())))
      await client.publish('shapes', { eur: 1.08 })
      return read`),
    { eur: 1.08 },
  )
  await client.page.close()
})

t.test('what is published once `live` has resolved arrives', async t => {
  const client = await openClientPage(context, url)
  const arrived = await client.run<number>(`
    let arrived = 0
    for (let i = 0; i < 20; i++) {
      const client = new Carillon()
      await new Promise(async resolve => {
        const { live } = client.subscribe('live' + i, ({ data }) => { if (data === 'now') arrived++; resolve() })
        await live
        await client.publish('live' + i, 'now')
      })
      client.close()
    }
    return arrived`)
  t.equal(arrived, 20)
  await client.page.close()
})

t.test('it publishes text, bytes and JSON, each with its content type', async t => {
  const client = await openClientPage(context, url)
  const types: (string | null)[] = []
  client.page.on('request', async request => {
    if (request.method() === 'POST') types.push(await request.headerValue('content-type'))
  })
  await client.run(listening(['out']))
  await client.take(2)
  const published = await client.run(`
    await client.publish('out', 'text')
    await client.publish('out', new Uint8Array([255]))
    await client.publish('out', new Blob(['<b>'], { type: 'text/html' }))
    await client.publish('out', '[1]', { contentType: 'application/json' })
    return client.publish('out', { a: 1 }, { event: 'object' })`)
  t.same(published, { channel: 'out', receivers: 1 })
  t.same(await client.take(5), [
    { channel: 'out', data: 'text' },
    { channel: 'out', data: [255] },
    { channel: 'out', data: '<b>' },
    { channel: 'out', data: '[1]' },
    { channel: 'out', event: 'object', data: '{"a":1}' },
  ])
  t.same(types, ['text/plain', 'application/octet-stream', 'text/html', 'application/json', 'application/json'])
  await client.page.close()
})

t.test('a publish that cannot be is a problem, and one that passes is tried again with the same key', async t => {
  const client = await openClientPage(context, url)
  const problem = await client.run(`
    return new Carillon().publish('no spaces', 'x')
      .catch(error => ({ is: error instanceof CarillonProblem, name: error.name, type: error.type, status: error.status, message: error.message }))`)
  t.match(problem, {
    is: true,
    name: 'CarillonProblem',
    type: 'urn:carillon:problem:invalid-channel',
    status: 400,
    message: /^Channel name "no spaces" contains/,
  })
  const keys: (string | undefined)[] = []
  await client.page.route('**/channels/again', async route => {
    keys.push(route.request().headers()['idempotency-key'])
    if (keys.length < 3) await route.fulfill({ status: 503, body: '{}', contentType: 'application/problem+json' })
    else await route.continue()
  })
  t.same(await client.run(`${HURRY} return new Carillon().publish('again', 'x')`), { channel: 'again', receivers: 0 })
  t.equal(keys.length, 3)
  t.match(keys[0], /^[0-9a-f]{32}$/)
  t.equal(new Set(keys).size, 1, 'one key')
  await client.page.close()
})

t.test(
  'what the connection has already needs no new one, and what is given up ends with the last listener',
  async t => {
    const client = await openClientPage(context, url)
    const streams: string[] = []
    client.page.on('request', request => request.resourceType() === 'eventsource' && streams.push(request.url()))
    await client.run(listening(['room:1'], `{ topics: ['room:*'], onGap: gap => tell({ gap }) }`))
    await client.run(
      `await client.subscribe('room:2', ({ data }) => tell({ second: data })).live; subscription.close()`,
    )
    await post('/channels/room:1', 'nobody minds')
    await post('/channels/room:2', 'heard')
    t.same(await client.take(3), [{ state: 'connecting' }, { state: 'open' }, { second: 'heard' }])
    t.same(streams, [`${url}/events?pattern=room%3A*&position=true`])
    t.match(await counts('room:2'), { listeners: 1 })
    await client.run('client.close()')
    t.same(await client.next(), { state: 'closed' })
    await client.page.close()
  },
)

t.test('a listener that throws does not keep the others from the message', async t => {
  const client = await openClientPage(context, url)
  await client.run(`
    window.client = new Carillon()
    client.subscribe('rude', () => { throw new Error('of its own') })
    await client.subscribe('rude', ({ data }) => tell({ data })).live`)
  await post('/channels/rude', 'x')
  t.same(
    (await client.take(2)).sort((a, b) => Object.keys(a).join().localeCompare(Object.keys(b).join())),
    [{ data: 'x' }, { pageError: 'Error: of its own' }],
  )
  await client.page.close()
})
