import t from 'tap'
import { build, startGateway } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'
import { runCli, startCli } from '../support/run-cli.js'
import { until } from '../support/until.js'

const post = (url: string, channel: string, body: string | Buffer, event?: string) =>
  fetch(`${url}/channels/${channel}${event ? `?event=${event}` : ''}`, { method: 'POST', body })

/** Publishes until it is heard, as nothing but a message tells that a listener is there. */
async function untilHeard(url: string, channel: string, body: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const { receivers } = (await (await post(url, channel, body)).json()) as { receivers: number }
    if (receivers > 0) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  throw new Error('nobody came')
}

t.test('in a pipe it writes JSON lines of channels and patterns, and ends after --limit', async t => {
  const { url } = await build(t)
  const tail = startCli(t, ['tail', 'news', 'chat:*', '--url', url, '--limit', '3'])
  await untilHeard(url, 'news', 'one')
  await post(url, 'chat:1', Buffer.from([0xff]), 'said')
  await post(url, 'other', 'not for it')
  await post(url, 'chat:2', 'three')
  const { code, stdout, stderr } = await tail.exited
  t.same([code, stderr], [0, ''])
  t.same(
    stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)),
    [
      { channel: 'news', data: 'one' },
      { channel: 'chat:1', event: 'said', data: '/w==', encoding: 'base64' },
      { channel: 'chat:2', data: 'three' },
    ],
  )
})

t.test('--raw writes the messages alone, as they are', async t => {
  const { url } = await build(t)
  const tail = startCli(t, ['tail', 'news', '--raw', '--url', url, '--limit', '2'])
  await untilHeard(url, 'news', 'a\tb')
  await post(url, 'news', 'two')
  t.equal((await tail.exited).stdout, 'a\tb\ntwo\n')
})

t.test('on a terminal it writes in colour, and no message can steer the terminal', async t => {
  const { url } = await build(t)
  for (const colours of [true, false]) {
    const environment: Record<string, string> = { CARILLON_URL: url, ...(colours ? {} : { NO_COLOR: '1' }) }
    const tail = startCli(t, ['tail', 'news', '--limit', '2'], { environment, terminal: true })
    await untilHeard(url, 'news', 'hello')
    await post(url, 'news', 'evil\x1b]0;title\x07\u202e\nsecond', 'x')
    const { code, stdout } = await tail.exited
    t.equal(code, 0)
    const [greeting, ...lines] = stdout.replaceAll('\r', '').replaceAll('\x1b', '^').split('\n')
    t.equal(greeting, 'Listening to news. Ctrl-C ends it.', 'it says that it is there')
    if (colours) t.match(lines[0], /^\^\[2m\d\d:\d\d:\d\d\^\[22m \^\[3\dmnews\^\[39m hello$/)
    else t.match(lines[0], /^\d\d:\d\d:\d\d news hello$/)
    t.match(lines[1], 'evil\\x1b]0;title\\x07\\u202e')
    t.equal(lines[2], '    second')
    t.notMatch(stdout, '\x1b]')
  }
})

t.test('reconnects after a restart of the gateway, and shows the gap', async t => {
  const port = `${await freePort()}`
  const first = await startGateway(t, { PORT: port, LOG_LEVEL: 'warn' })
  const tail = startCli(t, ['tail', 'news', '--url', first.url, '--limit', '2'])
  await untilHeard(first.url, 'news', 'before')
  await tail.until(/before/)
  await first.stop('SIGKILL')
  await tail.until(/Trying again/, 'stderr')
  const second = await startGateway(t, { PORT: port, LOG_LEVEL: 'warn' })
  await untilHeard(second.url, 'news', 'after')
  const { code, stdout, stderr } = await tail.exited
  t.equal(code, 0)
  const [before, gap, after] = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  t.same([before.data, gap.event, after.data], ['before', 'gap', 'after'])
  const { from, to, reason } = JSON.parse(gap.data)
  t.ok(Date.parse(from) <= Date.parse(to))
  t.equal(reason, 'disconnected')
  t.match(stderr, 'Connected again.')
})

t.test('starts at the requested position on a channel with a history', async t => {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url, config: { HISTORY: '*' } })
  const ids: string[] = []
  for (const text of ['one', 'two', 'three', 'four'])
    ids.push(((await (await post(url, 'kept', text)).json()) as { id: string }).id)
  const tail = async (...args: string[]) =>
    (await runCli(t, ['tail', 'kept', '--raw', '--url', url, ...args])).stdout.trim().split('\n')
  t.same(await tail('--last', '2', '--limit', '2'), ['three', 'four'])
  t.same(await tail('--since', 'all', '--limit', '3'), ['one', 'two', 'three'])
  t.same(await tail('--after', ids[1] ?? '', '--limit', '2'), ['three', 'four'])
  const lines = await runCli(t, ['tail', 'kept', '--last', '1', '--limit', '1', '--url', url])
  t.same(JSON.parse(lines.stdout), { channel: 'kept', id: ids[3], data: 'four' })
  t.match((await runCli(t, ['tail', 'kept', '--since', 'tuesday', '--url', url])).stderr, /since/)
})

t.test('with a history it resumes without a gap, even on channels without messages', async t => {
  const redis = await startRedis(t)
  const environment = { REDIS_URL: redis.url, HISTORY: '*', LOG_LEVEL: 'warn' }
  const fixed = { ...environment, PORT: `${await freePort()}` }
  const [first, other] = await Promise.all([startGateway(t, fixed), startGateway(t, environment)])
  const tail = startCli(t, ['tail', 'still', 'calm', 'hello', '--url', first.url, '--limit', '4'])
  await until(async () => {
    const answer = await fetch(`${other.url}/channels/hello/subscribers`)
    // A client counts as a listener before Redis has acknowledged its subscription.
    return ((await answer.json()) as { subscribers: number }).subscribers === 1
  }, 'it listens')
  await post(other.url, 'hello', 'zero')
  await tail.until(/zero/)
  for (const [round, text] of ['one', 'two'].entries()) {
    await first.stop('SIGKILL')
    await tail.until(new RegExp(`(Trying again[^]*){${round + 1}}`), 'stderr')
    await post(other.url, round ? 'calm' : 'still', text)
    await startGateway(t, fixed).then(gateway => Object.assign(first, gateway))
    await tail.until(new RegExp(text))
  }
  await post(other.url, 'still', 'three')
  const { code, stdout } = await tail.exited
  t.equal(code, 0)
  t.same(
    stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).data),
    ['zero', 'one', 'two', 'three'],
  )
})

t.test('ends with a reason when there is nothing to listen to', async t => {
  const { url } = await build(t)
  const nobody = `http://127.0.0.1:${await freePort()}`
  const cases: [args: string[], code: number, says: RegExp][] = [
    [['tail', 'news', '--url', nobody], 4, /connection refused/],
    [['tail', 'no spaces', '--url', url], 3, /^Invalid channel name/],
    [['tail', '--url', url], 2, /^Name at least one/],
    [['tail', 'news', '--limit', 'many', '--url', url], 2, /--limit must be a number/],
    // A timer of Node fires at once when it is to wait longer than 24.8 days.
    [['tail', 'news', '--timeout', '3000000', '--url', url], 2, /--timeout must be a number above 0, at most 2000000,/],
    [['tail', 'news', '--limit', '9'.repeat(400), '--url', url], 2, /--limit must be a number/],
  ]
  for (const [args, code, says] of cases) {
    const result = await runCli(t, args)
    t.equal(result.code, code, args.join(' '))
    t.match(result.stderr, says)
  }
  t.equal((await runCli(t, ['tail', 'news', '--url', url, '--timeout', '0.2'])).code, 0)
  const interrupted = startCli(t, ['tail', 'news', '--url', url])
  await untilHeard(url, 'news', 'here')
  await interrupted.until(/here/)
  interrupted.kill('SIGINT')
  t.equal((await interrupted.exited).code, 0)
})
