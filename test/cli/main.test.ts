import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { COMMANDS } from '../../src/cli/commands.js'
import { configSchema } from '../../src/config/config.js'
import { packageFile, packageVersion } from '../../src/support/package.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { Inbox } from '../support/inbox.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'
import { startCli } from '../support/run-cli.js'
import { until } from '../support/until.js'

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** Runs the program to its end. */
async function run(args: string[], environment: Record<string, string> = {}): Promise<Outcome> {
  const command = [packageFile('dist/cli.cjs'), ...args]
  const options = { env: { PATH: process.env.PATH, ...environment }, timeout: 30_000 }
  return promisify(execFile)(process.execPath, command, options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Outcome) => error,
  )
}

t.test('--help names every command, and each command says what it takes', async t => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, stdout, stderr } = await run(args)
    t.same({ code, stderr }, { code: 0, stderr: '' })
    for (const name of Object.keys(COMMANDS)) t.match(stdout, new RegExp(`^ {2}${name} `, 'm'))
  }
  for (const name of Object.keys(COMMANDS)) {
    const { code, stdout, stderr } = await run([name, '--help'])
    t.same({ code, stderr }, { code: 0, stderr: '' }, name)
    t.match(stdout, new RegExp(`^Usage: carillon .*${name}`, 'm'), name)
    t.match(stdout, /^Examples:\n {2}\S/m, name)
    if (name === 'publish') t.same(await run(['help', name]), { code, stdout, stderr })
  }
})

t.test('serve --help tells every setting there is', async t => {
  for (const option of ['--help', '-h']) {
    const { code, stdout, stderr } = await run(['serve', option])
    t.same({ code, stderr }, { code: 0, stderr: '' })
    for (const name of Object.keys(configSchema.properties)) t.match(stdout, new RegExp(`^ {2}${name} \\(`, 'm'))
  }
})

t.test('--version tells the version of the package', async t => {
  for (const option of ['--version', '-v'])
    t.match(await run([option]), { code: 0, stdout: `${packageVersion()}\n`, stderr: '' })
})

t.test('an unknown option or command exits with code 2', async t => {
  for (const args of [['--prot', '1'], ['--nothing'], ['sevre'], ['serve', '--nothing'], ['serve', 'what']]) {
    const { code, stdout, stderr } = await run(args)
    t.same({ code, stdout }, { code: 2, stdout: '' }, args.join(' '))
    t.match(stderr, args.at(args[0] === '--prot' ? 0 : -1))
    t.match(stderr, /Try: carillon (serve )?--help/)
    t.notMatch(stderr, /^ +at /m)
  }
})

t.test('an invalid setting is named, and exits with code 1', async t => {
  const cases: [name: string, value: string][] = [
    ['PORT', 'http'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['REDIS_URL', 'http://localhost'],
    ['LOG_LEVEL', 'loud'],
    ['MAX_MESSAGE_BYTES', '0'],
    ['HEARTBEAT_SECONDS', 'often'],
    ['PUBLISH_RATE', 'fast'],
    ['TRUST_PROXY', 'a, b'],
    ['WORKERS', '0'],
    ['ALLOWED_HEADERS', 'x y'],
    ['JWT_COOKIE', 'a b'],
  ]
  for (const [name, value] of cases) {
    const { code, stdout, stderr } = await run([], { [name]: value })
    t.same({ code, stdout }, { code: 1, stdout: '' }, `${name}=${value}`)
    t.match(stderr, new RegExp(`^${name} must `, 'm'))
    t.notMatch(stderr, /must match|\^/, 'no regular expression')
    t.notMatch(stderr, /^ +at /m)
  }
  const { stderr } = await run([], { REDIS_URL: 'http://user:secret@host' })
  t.notMatch(stderr, 'secret')
})

t.test('a port in use exits with code 1, with advice', async t => {
  const { port } = await startGateway(t, { LOG_LEVEL: 'warn' })
  const { code, stderr } = await run([], { PORT: `${port}`, LOG_LEVEL: 'silent' })
  t.equal(code, 1)
  t.match(stderr.trim(), new RegExp(`^Carillon cannot listen: .*${port}\\n.*--port 3001$`))
})

t.test('the curl lines that it prints work as they are printed', async t => {
  const gateway = await startGateway(t)
  const [listen = '', publish = '', who = ''] = [...gateway.output().matchAll(/^ .*(curl .*)$/gm)].map(
    ([, line]) => line,
  )
  const shell = spawn('sh', ['-c', `exec ${listen}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  t.teardown(() => shell.kill())
  const lines = new Inbox<string>()
  createInterface(shell.stdout).on('line', line => lines.put(line))
  t.match(await lines.next(), /^retry: \d+$/)
  const sh = async (command: string) => (await promisify(execFile)('sh', ['-c', command])).stdout
  t.same(JSON.parse(await sh(publish)), { channel: 'news', receivers: 1 })
  t.equal(await lines.find(line => line !== '' && !line.startsWith(':')), 'data: hello')
  t.same(JSON.parse(await sh(who)), { channel: 'news', subscribers: 1, listeners: 1 })
  t.match(gateway.output(), 'Embedded broker')
})

t.test('the greeting names the Redis without its password, and PORT=0 takes a free port', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'secret'] })
  const port = await freePort()
  const gateway = await startGateway(t, { PORT: `${port}`, REDIS_URL: redis.url.replace('//', '//:secret@') })
  t.match(gateway.output(), `Redis at redis://127.0.0.1:${redis.port}`)
  t.notMatch(gateway.output(), 'secret')

  const child = spawn(process.execPath, [packageFile('dist/cli.cjs')], {
    env: { PATH: process.env.PATH, PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const lines = new Inbox<string>()
  createInterface(child.stderr).on('line', line => lines.put(line))
  const [, url = ''] = /(http:\S+)/.exec(await lines.find(line => line.includes('http:'))) ?? []
  t.equal((await fetch(`${url}/readyz`)).status, 200)
})

t.test('SIGTERM and SIGINT end open streams politely and the process with code 0', async t => {
  const redis = await startRedis(t)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const environment = { REDIS_URL: redis.url, DRAIN_DELAY_SECONDS: '0', LOG_LEVEL: 'warn' }
    const gateway = await startGateway(t, environment)
    const sse = await openSse(t, `${gateway.url}/channels/news/events`)
    const webSocket = await openWebSocket(t, `${gateway.url}/channels/news/ws`)
    const exited = once(gateway.process, 'exit')
    t.equal(await gateway.stop(signal), 0, signal)
    await exited.catch(() => {})
    await sse.untilEnd()
    t.match(sse.text(), /retry: \d+\n$/)
    t.equal((await webSocket.closed).code, 1012)
    t.equal(await redis.cli('PUBSUB', 'CHANNELS'), '')
  }
})

t.test('serve takes the port, the address and Redis as options, which go before the environment', async t => {
  const redis = await startRedis(t)
  const port = await freePort()
  const args = ['serve', '--port', `${port}`, '--host', '127.0.0.1', '--redis', redis.url]
  const child = spawn(process.execPath, [packageFile('dist/cli.cjs'), ...args], {
    env: { PATH: process.env.PATH, PORT: '1', HOST: '203.0.113.1', LOG_LEVEL: 'silent' },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true
  await until(ready, 'it is ready')
  await fetch(`http://127.0.0.1:${port}/channels/news`, { method: 'POST', body: 'x' })
  t.match(await redis.cli('INFO', 'commandstats'), 'cmdstat_publish')
})

t.test('logs readable lines on a terminal, in which a client cannot forge a line', async t => {
  const port = await freePort()
  const args = ['--port', `${port}`]
  const cli = startCli(t, args, { environment: { NO_COLOR: '1', LOG_REQUESTS: 'all' }, terminal: true })
  await until(
    async () => (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.ok === true,
    'it serves',
  )
  await fetch(`http://127.0.0.1:${port}/%0A%1B[31mforged`)
  const shown = () => cli.stdout()
  await until(() => shown().includes('forged'), 'the request is logged')
  t.match(shown(), /^\[\d\d:\d\d:\d\d\] INFO: Server listening at/m)
  t.notMatch(shown(), /^\{"level"/m)
  t.notMatch(shown(), '\u001b[31mforged')
})

t.test('ends when its terminal is gone', async t => {
  const pidFile = join(t.testdir(), 'pid')
  const port = await freePort()
  const command = `echo $$ > ${pidFile}; exec ${process.execPath} ${packageFile('dist/cli.cjs')} --port ${port}`
  const terminal = spawn('script', ['--quiet', '--flush', '--command', command, '/dev/null'], { stdio: 'ignore' })
  const exited = once(terminal, 'exit')
  await until(
    async () => (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.ok === true,
    'it serves',
  )
  const pid = Number(await readFile(pidFile, 'utf8'))
  t.teardown(() => isRunning(pid) && process.kill(pid, 'SIGKILL'))
  terminal.kill('SIGKILL') // as when a window is closed by force: the program gets SIGHUP, and can write nothing any more
  await exited
  await until(() => !isRunning(pid), 'the gateway has ended')
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

t.test('a gateway that is reachable from elsewhere says how to open it, in greeting and log alike', async t => {
  const gateway = await startGateway(t, { HOST: '0.0.0.0' })
  const [logged = ''] = gateway
    .output()
    .split('\n')
    .filter(line => line.includes('"level":40'))
  for (const text of [gateway.output().slice(gateway.output().indexOf('Carillon listens')), logged]) {
    t.match(text, 'The gateway has no access rules, so it accepts requests from localhost only.')
    t.match(text, "carillon key backend --publish '*' --subscribe '*'")
    t.match(text, 'ALLOW_ANYONE_WITHOUT_ACCESS_RULES=true')
  }
})

t.test('the greeting names the Redis servers without the password', async t => {
  const nobody = await freePort()
  const hosts = `127.0.0.1:${nobody},127.0.0.1:${nobody}`
  const child = spawn(process.execPath, [packageFile('dist/cli.cjs')], {
    env: { PATH: process.env.PATH, PORT: '0', REDIS_URL: `redis+sentinel://user:secret@${hosts}/main` },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let greeting = ''
  for await (const chunk of child.stderr) {
    greeting += chunk
    if (greeting.includes('Count:')) break
  }
  t.match(greeting, `Redis at redis+sentinel://${hosts}/main`)
  t.notMatch(greeting, 'secret')
})
