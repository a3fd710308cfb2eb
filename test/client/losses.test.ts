import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { HURRY, listening, load, openClientPage, openContext } from '../support/client-page.js'
import { build, startGateway } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'

const browser = await openBrowser(t)
const post = (url: string, channel: string, body: string) =>
  fetch(`${url}/channels/${channel}`, { method: 'POST', body })

t.test('a gap reaches the subscribers of its topic, and no others', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  const client = await openClientPage(await openContext(t, browser), url)
  await client.run(listening(['news', 'chat:*'], '{}', `{ onGap: gap => tell({ mine: gap.channel ?? gap.pattern }) }`))
  await client.run(`await client.subscribe('chat:1', () => {}, { onGap: () => tell({ first: true }) }).live`)
  await client.take(2)
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  const told = await client.take(5)
  const of = (name: string) => told.filter(it => name in it)
  t.match(
    of('gap').map(({ gap }) => gap),
    [{ reason: 'redis_connection_lost' }, { reason: 'redis_connection_lost' }],
  )
  t.same(
    of('mine')
      .map(({ mine }) => mine)
      .sort(),
    ['chat:*', 'news'],
  )
  t.equal(of('first').length, 1, 'a gap of the pattern is one of the channel that it brings')
})

t.test('reconnects after a restart of the gateway, and reports what may be missing', async t => {
  // Who comes back sooner may meet the gateway that is about to end, and loses its stream once more.
  const environment = { PORT: `${await freePort()}`, RETRY_MS: '2000', DRAIN_DELAY_SECONDS: '0' }
  const gateway = await startGateway(t, environment)
  const client = await openClientPage(await openContext(t, browser), gateway.url)
  await client.run(listening(['news', 'chat:*']))
  await post(gateway.url, 'news', 'before')
  t.same(await client.take(3), [{ state: 'connecting' }, { state: 'open' }, { channel: 'news', data: 'before' }])
  const heard = Date.now()
  await gateway.stop('SIGTERM')
  t.same(await client.next(), { state: 'connecting' })
  await startGateway(t, environment)
  const told = await client.take(3)
  const gaps = told
    .slice(0, 2)
    .map(({ gap }) => gap as { from: string; to: string; channel?: string; pattern?: string; reason: string })
  t.match(gaps, [
    { channel: 'news', reason: 'disconnected' },
    { pattern: 'chat:*', reason: 'disconnected' },
  ])
  for (const { from, to } of gaps)
    t.ok(Date.parse(from) <= heard && Date.parse(to) >= heard, 'the window holds the loss')
  t.same(told[2], { state: 'open' })
  await post(gateway.url, 'news', 'after')
  t.same(await client.next(), { channel: 'news', data: 'after' })
})

t.test('another topic reopens the connection, and earlier subscribers are notified', async t => {
  const { url } = await build(t)
  const client = await openClientPage(await openContext(t, browser), url)
  await client.run(listening(['news']))
  await client.take(2)
  await client.run(`await client.subscribe('sport', ({ data }) => tell({ sport: data })).live`)
  t.match(await client.take(3), [
    { state: 'connecting' },
    { gap: { channel: 'news', reason: 'resubscribed' } },
    { state: 'open' },
  ])
  await post(url, 'sport', 'x')
  t.same(await client.next(), { sport: 'x' })
  await client.run(`client.subscribe('chess', () => {}); client.close()`)
  t.same(await client.next(), { state: 'closed' })
})

t.test('a reload with a cursor reports what was missed, and one without starts from now', async t => {
  const { url } = await build(t)
  const client = await openClientPage(await openContext(t, browser), url)
  const start = listening(['news'], '{ remember: true }')
  await client.run(start)
  await client.take(2)
  await load(client.page, url)
  await client.run(start)
  t.match(await client.take(3), [
    { state: 'connecting' },
    { gap: { channel: 'news', reason: 'disconnected' } },
    { state: 'open' },
  ])
  await client.run('client.close()')
  await load(client.page, url)
  await client.run(start)
  t.same(await client.take(3), [{ state: 'closed' }, { state: 'connecting' }, { state: 'open' }])
})

t.test('a permanent refusal is reported with its reason, and not retried', async t => {
  const { url } = await build(t)
  const client = await openClientPage(await openContext(t, browser), url)
  let asked = 0
  client.page.on('request', () => asked++)
  await client.run(listening(['carillon:secret']).replace('await subscription.live', ''))
  t.same(await client.take(2), [{ state: 'connecting' }, { state: 'closed' }])
  t.match(await client.next(), { problem: 'urn:carillon:problem:reserved-channel' })
  t.equal(asked, 2, 'one stream, and one question why')
  await client.run(`subscription.close(); await client.subscribe('news', () => {}).live`)
  t.same(await client.take(2), [{ state: 'connecting' }, { state: 'open' }], 'another topic, another try')
})

t.test('reconnects after an error page of a proxy', async t => {
  const { url } = await build(t)
  const client = await openClientPage(await openContext(t, browser), url)
  let answers = 0
  await client.page.route('**/events?*', route =>
    ++answers <= 2 ? route.fulfill({ status: 502, body: 'bad gateway' }) : route.continue(),
  )
  await client.run(HURRY + listening(['news']))
  t.same(await client.take(2), [{ state: 'connecting' }, { state: 'open' }])
  t.ok(answers > 2)
})

t.test('a publish whose answer was lost is retried, and published once', async t => {
  const { url } = await build(t)
  const client = await openClientPage(await openContext(t, browser), url)
  await client.run(listening(['once']))
  await client.take(2)
  let tries = 0
  await client.page.route('**/channels/once', async route => {
    const answer = await route.fetch() // the gateway has it
    if (++tries < 3) await route.abort('connectionreset')
    else await route.fulfill({ response: answer })
  })
  t.match(await client.run(`${HURRY} return client.publish('once', 'x')`), { channel: 'once', receivers: 1 })
  t.equal(tries, 3)
  await client.run(`await client.publish('once', 'y', { key: 'of-my-own' })`)
  t.same(await client.take(2), [
    { channel: 'once', data: 'x' },
    { channel: 'once', data: 'y' },
  ])
})
