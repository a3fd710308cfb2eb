import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import { packageFile } from '../../src/support/package.js'
import { openSse, openWebSocket } from '../support/clients.js'
import { startGateway, untilReady } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { startRedis } from '../support/redis.js'
import { bearer } from '../support/tokens.js'
import { until } from '../support/until.js'

const [old, next] = [createApiKey('backend', { admin: ['*'] }), createApiKey('backend', { admin: ['*'] })]

async function keysFile(t: Test, ...keys: { entry: object }[]) {
  const path = join(t.testdir(), 'keys.json')
  const write = (...keys: { entry: object }[]) => writeFile(path, JSON.stringify(keys.map(({ entry }) => entry)))
  await write(...keys)
  return { path, write }
}

const publish = async (url: string, { key }: { key: string }) => {
  const headers = { ...bearer(key), connection: 'close' } // the next one may get another worker
  return (await fetch(`${url}/channels/news`, { method: 'POST', body: 'hello', headers })).status
}

t.test('SIGHUP has the files read at once, and ends nothing but what they take away', async t => {
  const { path, write } = await keysFile(t, old)
  const other = createApiKey('other', { subscribe: ['news'] })
  await write(old, other)
  const gateway = await startGateway(t, { API_KEYS_FILE: path })
  const stays = await openSse(t, `${gateway.url}/channels/news/events`, bearer(other.key))
  const goes = await openWebSocket(t, `${gateway.url}/channels/news/ws`, { headers: bearer(old.key) })
  await write(next, other)
  gateway.process.kill('SIGHUP')
  t.same(await goes.closed, { code: 1008, reason: 'access_revoked' })
  t.equal(await publish(gateway.url, old), 401)
  t.equal(await publish(gateway.url, next), 200)
  t.equal((await stays.next()).data, 'hello')

  await writeFile(path, '[')
  for (let i = 0; i < 3; i++) gateway.process.kill('SIGHUP')
  await until(() => gateway.output().includes('configuration file is invalid'), 'a file that is broken is told of')
  t.equal(await publish(gateway.url, next), 200, 'and changes nothing')
  t.equal(await gateway.stop('SIGTERM'), 0)
})

t.test('SIGHUP reaches all workers', async t => {
  const redis = await startRedis(t)
  const { path, write } = await keysFile(t, old)
  const gateway = await startGateway(t, { API_KEYS_FILE: path, WORKERS: '2', REDIS_URL: redis.url })
  const looked = () => gateway.output().match(/SIGHUP: reading/g)?.length ?? 0
  await until(async () => {
    const statuses = await Promise.all(Array.from({ length: 8 }, () => publish(gateway.url, old)))
    return statuses.every(status => status === 200) && gateway.output().split('redis connection is up').length > 4
  }, 'both workers serve')
  await write(next)
  gateway.process.kill('SIGHUP')
  await until(() => looked() === 2, 'both have looked')
  for (let i = 0; i < 8; i++) t.equal(await publish(gateway.url, next), 200)
  for (let i = 0; i < 8; i++) t.equal(await publish(gateway.url, old), 401)
  t.equal(await gateway.stop('SIGTERM'), 0)
})

for (const WORKERS of ['1', '2'])
  t.test(`a terminal that goes takes the program along, which says goodbye, with ${WORKERS} of them`, async t => {
    const redis = await startRedis(t)
    const port = await freePort()
    const terminal = spawn(
      'script',
      ['-qefc', `exec "${process.execPath}" "${packageFile('dist/cli.cjs')}"`, '/dev/null'],
      {
        env: {
          PATH: process.env.PATH,
          PORT: `${port}`,
          REDIS_URL: redis.url,
          WORKERS,
          LOG_LEVEL: 'info',
          SHELL: '/bin/sh',
        },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    )
    let output = ''
    terminal.stdout.on('data', chunk => (output += chunk))
    const exited = once(terminal, 'exit')
    t.teardown(() => terminal.kill('SIGKILL'))
    const url = `http://127.0.0.1:${port}`
    await untilReady(url, () => terminal.exitCode !== null)
    const stream = await openSse(t, `${url}/channels/news/events`)
    const [program = ''] = await childrenOf(terminal.pid)
    process.kill(Number(program), 'SIGHUP')
    await stream.untilEnd()
    t.match(stream.text(), /\nretry: \d+\n$/, 'the last words of the stream')
    await exited
    t.match(output, /INFO.*stopped/)
  })

const childrenOf = async (pid = 0): Promise<string[]> =>
  (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
