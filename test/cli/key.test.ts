import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { readApiKeys } from '../../src/access/api-keys.js'
import { packageFile } from '../../src/support/package.js'
import { startGateway } from '../support/gateway.js'
import { runCli } from '../support/run-cli.js'

t.test('prints lines that work when they are pasted into a shell', async t => {
  const script = `eval "$(${process.execPath} ${packageFile('dist/cli.cjs')} key "it's" --publish '*' --subscribe '*')"
printf '%s\\n%s' "$CARILLON_TOKEN" "$API_KEYS"`
  const { stdout } = await promisify(execFile)('sh', ['-c', script])
  const [token = '', entries = ''] = stdout.split('\n')
  t.match(token, /^carillon_[\w-]{43}$/)
  t.match(readApiKeys(entries, 'API_KEYS'), [{ name: "it's", rules: { publish: ['*'], subscribe: ['*'] } }])

  const { url } = await startGateway(t, { API_KEYS: entries, LOG_LEVEL: 'warn' })
  const published = await runCli(t, ['publish', 'news', 'hello'], {
    environment: { CARILLON_URL: url, CARILLON_TOKEN: token },
  })
  t.same([published.code, published.stderr], [0, ''])
})

t.test('the key is accepted in Authorization and in X-API-Key, but not in both', async t => {
  const { stdout } = await runCli(t, ['key', 'backend', '--publish', '*', '--json'])
  const { key, entry } = JSON.parse(stdout)
  const { url } = await startGateway(t, { API_KEYS: JSON.stringify(entry), LOG_LEVEL: 'warn' })
  const publish = async (headers: Record<string, string>) => {
    const answer = await fetch(`${url}/channels/news`, { method: 'POST', headers, body: 'x' })
    return [answer.status, ((await answer.json()) as { detail?: string }).detail]
  }
  t.same(await publish({ authorization: `Bearer ${key}` }), [200, undefined])
  t.same(await publish({ 'x-api-key': key }), [200, undefined])
  t.match(await publish({ 'x-api-key': key, authorization: `Bearer ${key}` }), [
    400,
    /credentials in 2 places \(header, X-API-Key\)/,
  ])
  t.match(await publish({ 'x-api-key': 'eyJhbGciOi' }), [400, /X-API-Key header must contain one API key/])
  t.match(await publish({}), [401, /requires an API key/])
  const other = await fetch(`${url}/channels/news/subscribers`, { headers: { 'x-api-key': key } })
  t.match(await other.json(), { detail: 'The API key does not have the right "inspect" on channel "news".' })
})

t.test('names what is missing', async t => {
  for (const [args, says] of [
    [['key'], /^A key needs one name/],
    [['key', 'a'], /^A key needs at least one right/],
    [['key', 'a', '--publsh', '*'], /Did you mean --publish\?/],
  ] as const) {
    const { code, stderr } = await runCli(t, [...args])
    t.equal(code, 2)
    t.match(stderr, says)
  }
})
