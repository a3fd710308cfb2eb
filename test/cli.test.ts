import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { packageFile } from '../src/package.js'
import { freePort } from './support/ports.js'

t.test('greets with where Redis is, several servers included, and without its password', async t => {
  const nobody = await freePort()
  const hosts = `127.0.0.1:${nobody},127.0.0.1:${nobody}`
  const child = spawn(process.execPath, [packageFile('dist/src/cli.js')], {
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
    if (greeting.includes('Who:')) break
  }
  t.match(greeting, `Redis at redis+sentinel://${hosts}/main`)
  t.notMatch(greeting, 'secret')
})
