import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { packageFile } from '../../src/support/package.js'
import { untilReady } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

/** A gateway whose standard output is a pipe that nobody reads before `read` is called. */
async function startUnread(t: Test, environment: Record<string, string> = {}) {
  const port = await freePort()
  const child = spawn(process.execPath, [packageFile('dist/cli.cjs')], {
    env: { PATH: process.env.PATH, PORT: `${port}`, LOG_REQUESTS: 'all', LOG_LEVEL: 'trace', ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  child.stdout.pause()
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const url = `http://127.0.0.1:${port}`
  await untilReady(url)
  return { child, url, exited: exited.then(([code]) => code as number | null) }
}

/** More lines than the kernel keeps for a pipe and a reader that is paused. Each path is as long as a line shows it. */
async function fill(url: string, requests: number): Promise<void> {
  for (let i = 0; i < requests; i += 20)
    await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${url}/${'x'.repeat(250)}`).then(answer => answer.text())),
    )
}

const TIMES = { DRAIN_DELAY_SECONDS: '0', DRAIN_SECONDS: '5' }

t.test('an unread log blocks neither requests nor the exit', { timeout: 120_000 }, async t => {
  const { child, url, exited } = await startUnread(t, TIMES)
  await fill(url, 1000)
  t.equal((await fetch(`${url}/healthz`)).status, 200, 'it answers')
  child.kill('SIGTERM')
  t.equal(await exited, 0)
})

t.test('a second signal ends it at once, also then', { timeout: 120_000 }, async t => {
  const { child, url, exited } = await startUnread(t, { DRAIN_DELAY_SECONDS: '300', DRAIN_SECONDS: '600' })
  await fill(url, 1000)
  child.kill('SIGTERM')
  await until(async () => (await fetch(`${url}/readyz`)).status === 503, 'it drains')
  child.kill('SIGTERM')
  t.equal(await exited, 1)
})

t.test('workers end in time too', { timeout: 120_000 }, async t => {
  const redis = await startRedis(t)
  const { child, url, exited } = await startUnread(t, { ...TIMES, WORKERS: '2', REDIS_URL: redis.url })
  await fill(url, 1000)
  child.kill('SIGTERM')
  t.equal(await exited, 0)
})

t.test('unread lines are dropped and counted, and later ones are written', { timeout: 120_000 }, async t => {
  const { child, url, exited } = await startUnread(t, TIMES)
  await fill(url, 5000)
  const lines = readLines(child)
  await until(async () => {
    await fill(url, 20)
    return lines().some(({ msg }) => /^log lines were dropped/.test(`${msg}`))
  }, 'it says so')
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  t.equal(await exited, 0)
  await closed
  const all = lines()
  const dropped = all.reduce((sum, { msg, lines }) => sum + (/dropped/.test(`${msg}`) ? Number(lines) : 0), 0)
  t.ok(dropped > 0)
  t.ok(all.filter(({ msg }) => msg === 'request').length + dropped >= 5000, 'no line is missing from the count')
  t.equal(all.at(-1)?.msg, 'stopped', 'the last line is written')
})

function readLines({ stdout }: ChildProcess): () => Record<string, unknown>[] {
  let text = ''
  stdout?.on('data', chunk => (text += chunk)).resume()
  return () => {
    const whole = text.slice(0, text.lastIndexOf('\n') + 1)
    return whole
      .split('\n')
      .flatMap(line => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []))
  }
}
