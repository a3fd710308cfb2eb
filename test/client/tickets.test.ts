import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { listening, openClientPage, openContext } from '../support/client-page.js'
import { cutter } from '../support/cut.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'
import { bearer, secret, sign } from '../support/tokens.js'

// A gateway with access rules and, for what begins with `kept`, a history. Each test has channels of its own.
const browser = await openBrowser(t)
const redis = await startRedis(t)
const { app, url } = await build(t, {
  redisUrl: redis.url,
  config: { JWT_SECRET: secret, JWT_CLOCK_TOLERANCE_SECONDS: 0, HISTORY: 'kept*', RETRY_MS: 50 },
})
const cut = cutter(app.server)
const asked: string[] = []
app.server.prependListener('request', ({ method, url: path = '' }) => asked.push(`${method} ${path}`))
const count = (start: string) => asked.filter(line => line.startsWith(start)).length

const admin = bearer(await sign({ claims: { carillon: { admin: ['*'] } } }))
/** Not by a connection, which could be cut. */
const publish = (channel: string, payload: string) =>
  app.inject({ method: 'POST', url: `/channels/${channel}`, payload, headers: admin })
const tokenFor = (rights: object, claims: object = {}) => sign({ claims: { carillon: rights, ...claims } })

t.test('with a token it gets a ticket, and reconnects with the pass of the browser', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  const token = await tokenFor({ subscribe: ['kept:1', 'chat:*'], publish: ['chat:1'] })
  const before = count('POST /tickets')
  await client.run(listening(['kept:1', 'chat:*'], `{ token: ${JSON.stringify(token)} }`))
  await publish('kept:1', 'one')
  t.same(await client.take(3), [{ state: 'connecting' }, { state: 'open' }, { channel: 'kept:1', data: 'one' }])
  cut()
  await publish('kept:1', 'two')
  t.match(await client.take(3), [{ state: 'connecting' }, { state: 'open' }, { gap: { pattern: 'chat:*' } }])
  t.same(await client.next(), { channel: 'kept:1', data: 'two' })
  t.equal(count('POST /tickets') - before, 1, 'the same ticket is good with it')
  t.match(await client.run(`return client.publish('chat:1', 'x')`), { channel: 'chat:1', receivers: 1 })
  t.same(await client.next(), { channel: 'chat:1', data: 'x' })
  t.notOk(
    asked.some(line => line.includes(token)),
    'the token stands in no URL',
  )
})

t.test('without the pass, it gets another ticket and resumes at its cursor', async t => {
  const context = await openContext(t, browser)
  const client = await openClientPage(context, url)
  const token = await tokenFor({ subscribe: ['kept:2'] })
  const before = count('POST /tickets')
  await client.run(listening(['kept:2'], `{ token: async () => ${JSON.stringify(token)} }`))
  await publish('kept:2', 'one')
  await client.find(({ data }) => data === 'one')
  await context.clearCookies()
  cut()
  await publish('kept:2', 'two')
  await client.find(({ data }) => data === 'two')
  t.same(
    client.all.filter(({ gap }) => gap),
    [],
  )
  t.equal(count('POST /tickets') - before, 2)
})

t.test('when the token is over, another one is asked for', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  const rights = { subscribe: ['kept:3'] }
  const tokens = [await tokenFor(rights, { exp: Math.ceil(Date.now() / 1000) + 1 }), await tokenFor(rights)]
  await client.page.exposeFunction('nextToken', () => tokens.shift())
  await client.run(listening(['kept:3'], `{ token: () => nextToken() }`))
  t.same(await client.take(2), [{ state: 'connecting' }, { state: 'open' }])
  t.same(await client.next(), { state: 'connecting' }, 'the gateway ends the stream')
  await publish('kept:3', 'meanwhile')
  t.same(await client.find(({ data }) => data !== undefined), { channel: 'kept:3', data: 'meanwhile' })
  t.same(tokens, [])
})

t.test('a ticket that the own server made opens what it is good for', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  await client.page.exposeFunction('myServer', async (channels: string[]) => {
    const headers = { ...admin, 'content-type': 'application/json' }
    const answer = await fetch(`${url}/tickets`, { method: 'POST', headers, body: JSON.stringify({ channels }) })
    return ((await answer.json()) as { ticket: string }).ticket
  })
  await client.run(listening(['kept:4'], `{ ticket: topics => { tell({ topics }); return myServer(topics) } }`))
  await publish('kept:4', 'x')
  t.same(await client.take(4), [
    { state: 'connecting' },
    { topics: ['kept:4'] },
    { state: 'open' },
    { channel: 'kept:4', data: 'x' },
  ])
  // A topic more is another stream, and takes another ticket.
  await client.run(`await client.subscribe('kept:5', () => {}).live`)
  t.same(await client.find(({ topics }) => topics !== undefined), { topics: ['kept:4', 'kept:5'] })
})

t.test('a permanent refusal is reported with its reason, and not retried', async t => {
  const client = await openClientPage(await openContext(t, browser), url)
  const poor = JSON.stringify(await tokenFor({ subscribe: ['mine'] }))
  const cases: [options: string, problem: string][] = [
    ['{}', 'unauthenticated'],
    [`{ token: 'wrong' }`, 'invalid-credentials'],
    [`{ token: ${poor} }`, 'forbidden'],
    [
      `{ ticket: async () => { throw new CarillonProblem({ status: 403, type: 'urn:carillon:problem:my-own' }) } }`,
      'my-own',
    ],
    [`{ ticket: async () => 'forged.ticket' }`, 'invalid-credentials'],
  ]
  for (const [options, problem] of cases) {
    const before = count('')
    await client.run(listening(['yours'], options).replace('await subscription.live', ''))
    t.same(await client.take(2), [{ state: 'connecting' }, { state: 'closed' }], options)
    t.match(await client.next(), { problem: `urn:carillon:problem:${problem}` })
    t.ok(count('') - before <= 4, `asked ${count('') - before} times`)
    await client.run('client.close()')
  }
})
