import { execFile } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { packageFile } from '../../src/support/package.js'
import { startGateway } from '../support/gateway.js'

t.test('the demo gives the gateways the entry of the key that it prints', async t => {
  const folder = t.testdir()
  // Docker is not needed to see what the script does: its image runs this program.
  const docker = `#!/bin/sh
case "$1" in
  run) shift 3; exec "${process.execPath}" "${packageFile('dist/cli.cjs')}" "$@" ;;
  compose) printf '%s' "$API_KEYS" > "${folder}/API_KEYS" ;;
esac
`
  await writeFile(join(folder, 'docker'), docker)
  await chmod(join(folder, 'docker'), 0o755)
  const { stdout } = await promisify(execFile)('sh', [packageFile('deploy/compose/demo.sh')], {
    env: { PATH: `${folder}:${process.env.PATH}` },
  })
  const API_KEYS = await readFile(join(folder, 'API_KEYS'), 'utf8')
  const { url } = await startGateway(t, { API_KEYS, LOG_LEVEL: 'warn' })
  const [, token = ''] = /export CARILLON_TOKEN=(\S+)/.exec(stdout) ?? []
  const [publish = ''] = stdout.match(/curl -d .*/) ?? []
  const command = publish.replace('127.0.0.1:8080', url.replace('http://', ''))
  const env = { PATH: process.env.PATH, CARILLON_TOKEN: token }
  const published = await promisify(execFile)('sh', ['-c', command], { env })
  t.same(JSON.parse(published.stdout), { channel: 'news', receivers: 0 })
})
