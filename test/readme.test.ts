import { execFile, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { createApiKey } from '../src/access/api-keys.js'
import { packageFile } from '../src/support/package.js'
import { exactly, fencesOf } from './support/doc-page.js'
import { startGateway } from './support/gateway.js'
import { Inbox } from './support/inbox.js'

const read = (path: string): string => readFileSync(packageFile(path), 'utf8')
const docs = readdirSync(packageFile('docs')).filter(name => name.endsWith('.md'))
const pages = ['README.md', 'CONTRIBUTING.md', ...docs.map(name => join('docs', name))]

t.test('the curl lines of the README and the quickstart answer as printed', async t => {
  const gateway = await startGateway(t)
  const stream = new Inbox<string>()
  const blocks = ['README.md', 'docs/quickstart.md'].flatMap(fencesOf)
  let compared = 0
  let listens = false
  for (const [i, { language, text }] of blocks.entries()) {
    if (language !== 'sh' || !text.startsWith('curl ')) continue
    const command = text.replace('127.0.0.1:3000', `127.0.0.1:${gateway.port}`)
    if (command.startsWith('curl -N ')) {
      if (listens) continue // both pages begin with it
      listens = true
      const curl = spawn('bash', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'ignore'] })
      t.teardown(() => curl.kill())
      createInterface(curl.stdout).on('line', line => stream.put(line))
      await stream.find(line => line.startsWith('retry: '))
    } else {
      const { stdout } = await promisify(execFile)('bash', ['-c', command.replace('curl ', 'curl --silent ')])
      const printed = blocks[i + 1]
      t.equal(printed?.language, 'json', `the page shows the answer to: ${text}`)
      t.match(stdout, exactly(printed?.text ?? ''))
      compared++
    }
  }
  t.ok(compared >= 5)
  await stream.find(line => line === 'data: hello')
  await stream.find(line => line === 'event: price')
  t.equal(await stream.next(), 'data: {"eur":1.08}')
  await stream.find(line => line === 'data: a')
})

t.test('the greeting shows the lines of the README', async t => {
  const gateway = await startGateway(t)
  for (const line of ['curl -N 127.0.0.1:3000/channels/news/events', 'curl -d hello 127.0.0.1:3000/channels/news']) {
    t.ok(fencesOf('README.md').some(({ text }) => text === line))
    t.match(gateway.output(), line.replace('3000', `${gateway.port}`))
  }
  t.match(gateway.output(), `${gateway.url}/console`)
})

t.test('with access rules the greeting shows lines that take a key', async t => {
  const key = createApiKey('reader', { publish: ['*'] })
  const gateway = await startGateway(t, { API_KEYS: JSON.stringify([key.entry]), CONSOLE: 'false' })
  const line = gateway.output().match(/curl .*-d hello .*/)?.[0] ?? ''
  const { stdout } = await promisify(execFile)('bash', ['-c', line], {
    env: { ...process.env, CARILLON_TOKEN: key.key },
  })
  t.equal(stdout, '{"channel":"news","receivers":0}')
  t.notMatch(gateway.output(), '/console', 'no page is named that is not there')
})

t.test('every npm script that the pages name exists', async t => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const named = pages.flatMap(page => [...read(page).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)])
  t.ok(named.length > 5)
  for (const [line, script = '', short = ''] of named) t.ok((script || short) in scripts, line)
})

t.test('every place that the pages link to exists', async t => {
  const examples = readdirSync(packageFile('examples'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('README.md'))
    .map(path => join('examples', path))
  const links = [...pages, 'SECURITY.md', 'CHANGELOG.md', ...examples].flatMap(page =>
    [...read(page).matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, target = '', anchor]) => ({
      page,
      target: target === '' ? page : join(dirname(page), target),
      anchor,
    })),
  )
  t.ok(links.length > 100)
  for (const { page, target, anchor } of links) {
    t.ok(existsSync(packageFile(target)), `${page}: ${target}`)
    if (anchor !== undefined) t.ok(anchorsOf(target).includes(anchor), `${page}: ${target}#${anchor}`)
  }
})

t.test('the index links to every page of the docs', async t => {
  const index = read('docs/README.md')
  for (const name of docs.filter(name => name !== 'README.md')) t.match(index, `(${name})`, name)
})

t.test('every test that the pages name exists', async t => {
  const named = [...pages, 'SECURITY.md'].flatMap(page =>
    [...read(page).matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = '']) => ({ page, path })),
  )
  t.ok(named.length > 50)
  for (const { page, path } of named) t.ok(existsSync(packageFile(path)), `${page}: ${path}`)
})

/** As GitHub makes them of headings. */
const anchorsOf = (path: string): string[] =>
  [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
