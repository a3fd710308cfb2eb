import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import t, { type Test } from 'tap'
import { freePort } from '../support/ports.js'
import { runCli } from '../support/run-cli.js'

/** What would steer a terminal: a new title, an empty screen, C1 controls, a line of one's own, the direction of writing. */
const EVIL = '\x1b]0;title\x07\x1b[2J\x9b31m\x85\u2028\rforged\n✓ all is well\u202eback\x00\x7f'
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/

async function listen(t: Test, server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const serve = (t: Test, listener: RequestListener) => {
  const server = createHttpServer(listener)
  t.teardown(() => server.closeAllConnections())
  return listen(t, server)
}

/** Runs the command, in a pipe or on a terminal, and checks that it does not pass on what the server sent. */
async function run(t: Test, url: string, args: string[], { terminal = false } = {}) {
  const environment = { CARILLON_URL: url, NO_COLOR: '1' }
  const { code, stdout, stderr } = await runCli(t, args, { environment, terminal })
  // A pseudo-terminal ends its lines with CRLF.
  const text = terminal ? (stdout + stderr).replaceAll('\r\n', '\n') : stdout + stderr
  const what = `${args[0]} ${terminal ? 'on a terminal' : 'in a pipe'}: ${JSON.stringify(text)}`
  t.notMatch(text, STEERING, `no control character from ${what}`)
  t.notMatch(text, '\r', `no carriage return from ${what}`)
  t.notMatch(text, /^✓ all is well/m, `no line of the server's own from ${what}`)
  t.notMatch(text, STACK, `no stack from ${what}`)
  return { code, stdout, text }
}

const STACK = /^ +at .*:\d+:\d+/m
const PUBLISH = ['publish', 'news', 'x']
const DOCTOR = ['doctor', '--gateway-only', '--patience', '0.1']

// Each case starts the program several times.
const LONG = { timeout: 120_000 }

const problem = { type: `urn:${EVIL}`, title: EVIL, status: 400, detail: EVIL }

t.test('escapes what a server sends, on a terminal and in a pipe', LONG, async t => {
  const published = { channel: EVIL, receivers: 1, id: EVIL }
  const row = { channel: EVIL, subscribers: 1, listeners: 2 }
  const url = await serve(t, ({ method }, response) =>
    response.end(JSON.stringify(method === 'POST' ? published : { channels: [row] })),
  )
  for (const [args, sent] of [
    [PUBLISH, published],
    [['channels'], row],
  ] as const) {
    const piped = await run(t, url, [...args])
    t.equal(piped.code, 0)
    t.same(JSON.parse(piped.stdout), sent, 'the JSON in a pipe means the same')
    const shown = await run(t, url, [...args], { terminal: true })
    t.equal(shown.code, 0)
    t.match(shown.text, '\\x1b]0;title\\x07', 'a terminal shows the escaped characters')
  }
})

t.test('escapes the words of a problem', LONG, async t => {
  const url = await serve(t, (_request, response) =>
    response.writeHead(400, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
  )
  for (const args of [PUBLISH, ['channels'], ['tail', 'news']]) {
    const { code, text } = await run(t, url, args)
    t.equal(code, 3)
    t.match(text, '\\x1b]0;title\\x07')
  }
})

t.test('reports an answer that does not come from a gateway', LONG, async t => {
  let body = ''
  const url = await serve(t, (_request, response) => response.end(body))
  for (const [args, bodies] of [
    [PUBLISH, [EVIL, 'null', JSON.stringify({ channel: EVIL, receivers: EVIL })]],
    [['channels'], [EVIL, '[]', '{"channels":[5]}', '{"channels":[],"next":5}']],
  ] as const)
    for (body of bodies) {
      const { code, text } = await run(t, url, [...args])
      t.equal(code, 3, encodeURIComponent(body))
      t.match(text, /not that of a Carillon gateway/)
    }
})

t.test('escapes the lines of a stream', LONG, async t => {
  const envelopes = [
    { channel: EVIL, event: EVIL, data: EVIL },
    { channel: 'news', event: 'gap', data: JSON.stringify({ from: EVIL, to: EVIL, reason: EVIL }) },
    { channel: 'news', event: 'gap', data: EVIL },
    { channel: 'news', event: 'gap', data: 'null' },
    { channel: EVIL, event: 'error', data: JSON.stringify({ title: EVIL, detail: EVIL }) },
    { channel: 'news', data: EVIL, encoding: 'base64' },
  ]
  const lines = envelopes.map(envelope => `\r\t${JSON.stringify(envelope)}\r\n`)
  const url = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).write(lines.join(''))
  })
  const piped = await run(t, url, ['tail', 'news', '--json', '--limit', '2'])
  t.equal(piped.code, 0)
  const read = piped.stdout.split('\n').filter(line => line !== '')
  t.same(
    read.map(line => JSON.parse(line)),
    envelopes,
    'the JSON means the same',
  )
  t.equal((await run(t, url, ['tail', 'news', '--limit', '2'], { terminal: true })).code, 0)
})

t.test('reports a stream that does not come from a gateway', LONG, async t => {
  let line = ''
  const url = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(`${line}\n`)
  })
  for (line of [EVIL, 'null', '{"data":"x","encoding":"nothing"}']) {
    const { code, text } = await run(t, url, ['tail', 'news', '--limit', '1'])
    t.equal(code, 3, encodeURIComponent(line))
    t.match(text, /Check the URL/)
  }
})

t.test('ends a stream whose line never ends', LONG, async t => {
  const part = 'x'.repeat(1024 * 1024)
  let parts = 0
  const url = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    const write = () => {
      // More than the bound, and then nothing: only the bound ends the stream.
      while (parts < 80) {
        parts++
        if (!response.write(part)) return
      }
    }
    response.on('drain', write)
    write()
  })
  const { code, text } = await run(t, url, ['tail', 'news', '--limit', '1'])
  t.equal(code, 3)
  t.match(text, /a line of more than 64 MiB/)
})

/** Answers every request with these bytes, which Node would not send. */
const serveBytes = (t: Test, bytes: string) =>
  listen(
    t,
    createTcpServer(socket => {
      socket.on('error', () => {})
      socket.on('data', () => socket.end(Buffer.from(bytes, 'latin1')))
    }),
  )

t.test('escapes headers, status lines and answers that are not HTTP', LONG, async t => {
  const health = 'content-length: 15\r\n\r\n{"status":"ok"}'
  for (const bytes of [
    `HTTP/1.1 200 \x9b31m\r\nserver: \x9b31m\x85evil\r\n${health}`,
    `HTTP/1.1 200 OK\r\nserver: \x1b[2Jevil\r\n${health}`,
    EVIL,
  ]) {
    const url = await serveBytes(t, bytes)
    t.equal((await run(t, url, DOCTOR)).code, 1)
    const { code } = await run(t, url, PUBLISH)
    t.ok(code === 3 || code === 5, `${code}: refused, or unknown`)
  }
})

t.test('escapes what the doctor finds', LONG, async t => {
  const url = await serve(t, ({ url = '' }, response) => {
    if (url === '/healthz') return response.writeHead(200, { server: '\x9b31mevil' }).end('{"status":"ok"}')
    if (url === '/metrics') return response.end('process_max_fds 99999\n')
    return response.writeHead(503, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
  })
  t.equal((await run(t, url, DOCTOR, { terminal: true })).code, 1)
  t.equal((await run(t, url, [...DOCTOR, '--json'])).code, 1)
})

const MARK = 's3cr3t'

t.test('no command prints the credentials that it was given', LONG, async t => {
  const nobody = `127.0.0.1:${await freePort()}`
  const remote: Record<string, string>[] = [
    ...[
      `http://gw:${MARK}@${nobody}`,
      `http://${MARK}@${nobody}`,
      `http://${nobody}/?token=${MARK}`,
      `http://${nobody}/#${MARK}`,
      `gw:${MARK}@${nobody}`,
      `htp://gw:${MARK}@${nobody}`,
      `http://gw:${MARK}@a@b:99999999`,
      `http://gw:${MARK}/x@${nobody}`,
    ].map(CARILLON_URL => ({ CARILLON_URL })),
    ...[`${MARK}\n`, `${MARK} ${MARK}`, `${MARK}\x1b`, `${MARK}é`].map(CARILLON_TOKEN => ({
      CARILLON_TOKEN,
      CARILLON_URL: `http://${nobody}`,
    })),
  ]
  const local: Record<string, string>[] = [
    {
      CARILLON_URL: `http://${nobody}`,
      CARILLON_TOKEN: MARK,
      REDIS_URL: `redis://gw:${MARK}@${nobody}`,
      JWT_JWKS_URL: `http://${nobody}/jwks?key=${MARK}`,
      JWT_ISSUER: 'a',
      JWT_AUDIENCE: 'b',
    },
    { JWT_JWKS_URL: `http://gw:${MARK}@${nobody}/jwks`, JWT_ISSUER: 'a', JWT_AUDIENCE: 'b' },
    { JWT_SECRET: MARK, REDIS_URL: `redis://gw:${MARK}@x@${nobody}` },
    { REDIS_URL: `rediss://gw:${MARK}@${nobody}`, REDIS_CA_FILE: '/dev/null' },
  ]
  const check = async (environment: Record<string, string>, args: string[]) => {
    const { code, stdout, stderr } = await runCli(t, args, { environment })
    const what = `${args[0]} with ${JSON.stringify(environment)}`
    t.not(code, 0, what)
    t.notMatch(stdout + stderr, MARK, what)
    t.notMatch(stdout + stderr, STACK, `${what}: no stack`)
  }
  for (const environment of remote) await check(environment, ['channels'])
  for (const environment of [remote[0], remote.at(-1)])
    for (const args of [PUBLISH, ['tail', 'news'], DOCTOR]) await check(environment ?? {}, args)
  for (const environment of local) await check(environment, ['doctor', '--patience', '0.1'])
})
