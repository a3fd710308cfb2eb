import { get } from 'node:http'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { build } from '../../support/gateway.js'

const FILES = ['/console', '/console/console.js', '/console/theme.js', '/console/console.css', '/console/icon.svg']

t.test('the console is its own files, under a policy that allows nothing else', async t => {
  const { url } = await build(t)
  for (const path of FILES) {
    const response = await fetch(url + path)
    t.equal(response.status, 200, path)
    const policy = response.headers.get('content-security-policy') ?? ''
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
    ])
      t.ok(policy.split('; ').includes(rule), `${path}: ${rule}`)
    t.notMatch(policy, /unsafe|http|\*/, path)
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
    const text = await response.text()
    if (path === '/console') {
      t.notMatch(text, / on\w+=|style=|<script>|<style/, 'nothing is inline')
      for (const [, target = ''] of text.matchAll(/(?:src|href)="([^"#]+)"/g))
        t.ok(FILES.includes(`/${target}`), target)
    }
  }
  t.equal((await fetch(`${url}/console/main.ts`)).status, 404)
  t.equal((await fetch(`${url}/console/..%2fclient.js`)).status, 404)
})

t.test('a setting takes it away', async t => {
  const { url } = await build(t, { config: { CONSOLE: false } })
  for (const path of FILES) t.equal((await fetch(url + path)).status, 404, path)
  t.equal((await fetch(`${url}/client.js`)).status, 200)
})

t.test('a file that is there already is not sent again, and is sent in few bytes', async t => {
  const { url } = await build(t)
  for (const path of [...FILES, '/client.js']) {
    const first = await fetch(url + path)
    const etag = first.headers.get('etag') ?? ''
    t.match(etag, /^W\/"[\w-]{22}"$/, path)
    t.equal(first.headers.get('cache-control'), 'no-cache', path)
    const text = await first.text()
    const again = await fetch(url + path, { headers: { 'if-none-match': `"other", ${etag}` } })
    t.equal(again.status, 304, path)
    t.equal(await again.text(), '')
    t.equal(again.headers.get('etag'), etag)
    const changed = await fetch(url + path, { headers: { 'if-none-match': '"other"' } })
    t.equal(await changed.text(), text, path)
    const { headers, body } = await getRaw(url + path, { 'accept-encoding': 'gzip' })
    t.equal(headers['content-encoding'], 'gzip', path)
    t.match(headers.vary, 'accept-encoding')
    t.equal(gunzipSync(body).toString(), text, path)
    t.ok(body.length < text.length, path)
    t.notOk((await getRaw(url + path, {})).headers['content-encoding'], path)
  }
})

t.test('the browser client is for the pages of other origins too, where they are allowed', async t => {
  const { url } = await build(t, { config: { ALLOWED_ORIGINS: 'https://app.example.com' } })
  const { status, headers } = await fetch(`${url}/client.js`, { headers: { origin: 'https://app.example.com' } })
  t.equal(status, 200)
  t.equal(headers.get('content-type'), 'text/javascript; charset=utf-8')
  t.equal(headers.get('access-control-allow-origin'), 'https://app.example.com')
  t.equal(headers.get('cross-origin-resource-policy'), 'cross-origin')
  t.match(headers.get('vary')?.toLowerCase(), /origin.*accept-encoding/)
  t.equal((await fetch(`${url}/client.js`, { headers: { origin: 'https://elsewhere.example.com' } })).status, 403)
})

/** `fetch` would unpack it. */
function getRaw(url: string, headers: Record<string, string>) {
  return new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    get(url, { headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }))
    }).on('error', reject)
  })
}
