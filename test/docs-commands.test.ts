import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { createApiKey } from '../src/access/api-keys.js'
import { packageFile } from '../src/support/package.js'
import { exactly, fencesOf, settingsOf } from './support/doc-page.js'
import { startGateway } from './support/gateway.js'
import { KeyServer } from './support/key-server.js'
import { openReader } from './support/reader.js'
import { startRedis } from './support/redis.js'
import { bearer, jwkOf, rsa, sign } from './support/tokens.js'

/*
 * Every shell block of every page is run as it stands, by a reader (`support/reader.ts`) whom a gateway serves; what
 * follows it as JSON, or without a language, is what it prints. `PAGES` says what a page needs, and `NOT_RUN` which
 * blocks are not run, and why.
 */
const NOT_RUN: [block: RegExp, reason: string][] = [
  [/^npm (ci && npm (run build|test)|run test:files )/, 'it is how this suite came to run'],
  [/^docker |docker compose/, 'Docker: test/deploy starts the same processes without it'],
  [/demo\.sh/, 'Docker: test/deploy/demo.test.ts runs it with a stand-in'],
  [/^kubectl /, 'a cluster of Kubernetes: test/deploy checks the manifests'],
  [/gcloud /, 'Google Cloud: test/deploy checks the manifest'],
  [/^fly /, 'Fly: test/deploy checks the file'],
  [/^promtool /, 'a tool of Prometheus that Debian has only with the server: test/dashboards.test.ts reads the rules'],
  [/^npm run test:faults/, 'hours of faults: test/faults/short.test.ts runs the quick ones'],
]
/** Pages that have a test of their own, which runs them in their order. */
const ELSEWHERE: [page: string, block: RegExp, test: string][] = [
  ['docs/recipes.md', /./, 'test/recipes.test.ts'],
  ['README.md', /^curl /, 'test/readme.test.ts'],
  ['docs/quickstart.md', /^curl /, 'test/readme.test.ts'],
  ['docs/first-app.md', /^curl /, 'test/docs-guides.test.ts'],
  ['docs/publish.md', /./, 'test/docs-publish.test.ts'],
  ['docs/generated-clients.md', /./, 'test/clients/guide.ts'],
]

const backend = createApiKey('backend', { publish: ['*'], subscribe: ['*'], inspect: ['*'] })

interface Setting {
  /** Of the gateway; without any there is none. */
  readonly settings?: Record<string, string>
  readonly environment?: Record<string, string>
  /** What the page writes, and what stands for it here. */
  readonly replace?: Record<string, string>
  /** Commands that go on until somebody ends them: what is published meanwhile, until a line comes. */
  readonly listens?: [command: RegExp, channel: string | undefined][]
}

const PAGES: Record<string, (t: Test) => Promise<Setting>> = {
  'README.md': async t => ({ replace: { 'redis://127.0.0.1:6379': (await startRedis(t)).url } }),
  'docs/quickstart.md': async t => ({ replace: { 'redis://127.0.0.1:6379': (await startRedis(t)).url } }),
  'docs/first-app.md': async () => ({}),
  'docs/authentication.md': async () => ({}),
  'docs/ai-streams.md': async () => ({}),
  'docs/cors.md': async () => ({ settings: { ALLOWED_ORIGINS: 'http://localhost:5173' } }),
  'docs/cli.md': async () => ({
    settings: {},
    // The line is right about a load balancer; here nothing cuts anybody.
    replace: { 'carillon doctor\n': 'carillon doctor --patience 0.1\n', '--patience 120': '--patience 0.1' },
    listens: [
      [/^carillon tail news/, 'news'],
      [/^carillon tail prices/, 'prices'],
      [/--watch$/, undefined],
    ],
  }),
  'docs/access.md': async t => {
    const issuer = await KeyServer.start(t, [jwkOf(rsa, 'a')])
    return {
      settings: { API_KEYS: JSON.stringify([backend.entry]) },
      environment: { CARILLON_TOKEN: backend.key },
      replace: { 'https://login.example.com/.well-known/jwks.json': issuer.url },
    }
  },
  'docs/operate.md': async t => {
    const collector = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
    await new Promise(resolve => collector.once('listening', resolve))
    t.teardown(() => collector.close())
    return { replace: { ':4318': `:${(collector.address() as AddressInfo).port}` } } // it listens on TCP
  },
  'docs/protocol.md': async () => ({ settings: {}, listens: [[/^curl -H 'Accept: application\/x-ndjson'/, 'news']] }),
  'docs/deploy.md': async () => ({}),
  'docs/api.md': async () => ({ settings: {}, listens: [[/^curl -N -X QUERY/, 'news']] }),
}

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(packageFile('docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]

const isRun = (page: string, text: string): boolean =>
  !NOT_RUN.some(([block]) => block.test(text)) && !ELSEWHERE.some(([of, block]) => of === page && block.test(text))

let used = 0
for (const page of pages) {
  const fences = fencesOf(page)
  if (!fences.some(({ language, text }) => language === 'sh' && isRun(page, text))) continue
  t.test(`the commands of ${page} do what it says`, async t => {
    const setUp = PAGES[page]
    if (!setUp) throw new Error(`say in PAGES what the commands of ${page} need`)
    used++
    const { settings, environment = {}, replace = {}, listens = [] } = await setUp(t)
    const gateway = settings && (await startGateway(t, { LOG_LEVEL: 'warn', ...settings }))
    const url = gateway?.url ?? 'http://127.0.0.1:3000'
    const { host } = new URL(url)
    const reader = await openReader(t, { CARILLON_URL: url, ...environment })
    const here = (text: string): string => {
      let typed = `${text}\n`
      for (const [printed, real] of Object.entries(replace)) typed = typed.replaceAll(printed, real)
      return typed.replaceAll(/(?<= )https:\/\/events\.example\.com/g, url).replaceAll('127.0.0.1:3000', host)
    }
    for (const [i, { language, text }] of fences.entries()) {
      if (language !== 'sh' || !isRun(page, text)) continue
      const commands = here(text)
        .trim()
        .split(/(?<!\\)\n/)
      // Nothing but settings, or settings before the program that they are for, is how a gateway is started.
      if (commands.every(line => /^(\w+=('[^']*'|\S+) *)+(npm start|carillon)?$/.test(line))) {
        const started = await startGateway(t, { LOG_LEVEL: 'warn', ...settingsOf(commands.join(' ')) })
        t.equal((await fetch(`${started.url}/healthz`)).status, 200, text)
        if (text.includes('JWT_JWKS_URL')) await expectToken(t, started.url)
        await started.stop('SIGTERM')
        continue
      }
      const printed = fences[i + 1]
      let output = ''
      for (const command of commands) {
        const listening = listens.find(([of]) => of.test(command))
        if (listening) t.ok(await hears(reader.listen(command), url, listening[1]), command)
        else {
          output += await reader.run(command)
          t.pass(command)
        }
      }
      if (printed?.isNext && /^(json)?$/.test(printed.language)) t.match(output.trim(), exactly(printed.text), text)
    }
  })
}

t.test('each page that is set up has something to run, and nothing is left out that is not there', async t => {
  t.equal(used, Object.keys(PAGES).length)
  const blocks = pages.flatMap(page =>
    fencesOf(page).flatMap(({ language, text }) => (language === 'sh' ? [text] : [])),
  )
  for (const [block, reason] of NOT_RUN)
    t.ok(
      blocks.some(text => block.test(text)),
      reason,
    )
})

/** The next line, while something is published again and again, as nothing tells when it listens. */
async function hears(
  lines: ReturnType<Awaited<ReturnType<typeof openReader>>['listen']>,
  url: string,
  channel?: string,
) {
  const line = lines.next(30_000)
  let done = false
  line.finally(() => (done = true)).catch(() => {})
  while (channel !== undefined && !done) {
    await fetch(`${url}/channels/${channel}`, { method: 'POST', body: 'hello' })
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return line
}

/** A token of the provider that the recipe speaks of has the rights that it gives. */
async function expectToken(t: Test, url: string): Promise<void> {
  const claims = { sub: '7', iss: 'https://login.example.com/', aud: 'https://events.example.com' }
  const token = await sign({ alg: 'RS256', key: rsa.privateKey, header: { kid: 'a' }, claims })
  const ask = async (channel: string) => {
    const answer = await fetch(`${url}/channels/${channel}/events?timeout=0.1`, { headers: bearer(token) })
    await answer.arrayBuffer()
    return answer.status
  }
  t.same([await ask('user:7:mail'), await ask('news'), await ask('user:8:mail')], [200, 200, 403])
}
