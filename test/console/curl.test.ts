import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { listLine, publishLine, quote, tailLine } from '../../console/curl.js'
import { openSse } from '../support/clients.js'
import { build } from '../support/gateway.js'

const run = async (line: string, environment = {}) => {
  const { stdout } = await promisify(execFile)('sh', ['-c', line.replaceAll('curl', 'curl --silent')], {
    env: { PATH: process.env.PATH, ...environment },
  })
  return stdout
}

t.test('characters that a shell interprets are quoted', async t => {
  t.equal(quote('news'), 'news')
  t.equal(quote('http://a/b?c=d&e'), "'http://a/b?c=d&e'")
  t.equal(quote("it's $HOME"), `'it'\\''s $HOME'`)
  t.equal(quote(''), "''")
})

t.test('the lines that publish arrive as what was typed, byte for byte', async t => {
  const { url } = await build(t)
  const stream = await openSse(t, `${url}/channels/news/events?format=envelope`)
  const texts = ['hello', '@/etc/passwd', 'it\'s `$HOME` \\ "x" %41 {a,b} [1-3]', 'two\nlines', '', '🔔']
  for (const data of texts) {
    const line = publishLine(new URL(`${url}/`), false, { channel: 'news', event: '', type: 'text/plain', data })
    t.match(JSON.parse(await run(line)), { channel: 'news', receivers: 1 }, line)
    t.equal(JSON.parse((await stream.next()).data).data, data)
  }
  const bytes = Buffer.from([0, 255, 10, 13]).toString('base64')
  const about = { channel: 'news', event: '#1&x', type: 'application/octet-stream' }
  await run(publishLine(new URL(`${url}/`), false, { ...about, data: bytes }))
  t.match(JSON.parse((await stream.next()).data), { event: '#1&x', data: bytes, encoding: 'base64' })
})

t.test('the copied lines for streaming and listing work unchanged', async t => {
  const { url } = await build(t)
  const base = new URL(`${url}/`)
  t.equal(tailLine(base, false, ['news']), `curl -N ${url}/channels/news/events`)
  t.equal(
    tailLine(base, false, ['news', 'chat:[a-c]*']),
    `curl -N '${url}/events?channel=news&pattern=chat%3A%5Ba-c%5D*'`,
  )
  for (const topics of [['news'], ['chat:[a-c]*', 'news']]) {
    const url = /\S+$/.exec(tailLine(base, false, topics))?.[0].replaceAll("'", '') ?? ''
    const shorter = `curl -N '${url}${url.includes('?') ? '&' : '?'}timeout=0.2'`
    t.match(await run(shorter), /^retry: /)
  }
  const stream = await openSse(t, `${url}/channels/news/events`)
  const one = { channels: [{ channel: 'news', subscribers: 1, listeners: 1 }] }
  t.match(JSON.parse(await run(listLine(base, false, '*'))), one)
  t.match(JSON.parse(await run(listLine(base, false, 'n[a-f]?*'))), one)
  stream.close()
})

t.test('a key is not in the line: the shell has it', async t => {
  const { app, url } = await build(t)
  let shown: string | undefined
  app.server.prependListener('request', request => (shown = request.headers.authorization))
  const base = new URL(`${url}/`)
  const publication = { channel: 'news', event: '', type: 'text/plain', data: 'x' }
  for (const line of [listLine(base, true, '*'), publishLine(base, true, publication)]) {
    await run(line, { CARILLON_TOKEN: 'of-the-shell' })
    t.equal(shown, 'Bearer of-the-shell', line)
  }
  t.match(tailLine(base, true, ['news']), '-H "Authorization: Bearer $CARILLON_TOKEN"')
})
