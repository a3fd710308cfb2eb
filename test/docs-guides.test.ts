import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createApiKey } from '../src/access/api-keys.js'
import { openBrowser } from './support/browser.js'
import { cutter } from './support/cut.js'
import { fencesOf, settingsOf } from './support/doc-page.js'
import { build, startGateway } from './support/gateway.js'
import { freePort } from './support/ports.js'
import { startRedis } from './support/redis.js'
import { until } from './support/until.js'

/* Builds the apps of the guides from the code on the pages, and uses them in a browser. */
const browser = await openBrowser(t)
const codeOf = (page: string, language: string): string =>
  fencesOf(page).find(fence => fence.language === language)?.text ?? ''
const settingsIn = (page: string): Record<string, string> => {
  const start = fencesOf(page).find(({ text }) => text.endsWith('npm start'))?.text ?? ''
  return settingsOf(start.slice(start.lastIndexOf('\n') + 1))
}

async function openPage(t: Test) {
  const page = await browser.newPage()
  t.teardown(() => page.close())
  return page
}

t.test('docs/first-app.md: two pages chat, and one that is loaded again shows the history', async t => {
  const port = await freePort()
  const settings = settingsIn('docs/first-app.md')
  const origin = settings.ALLOWED_ORIGINS?.replace('8080', `${port}`) ?? ''
  const { url } = await startGateway(t, { ...settings, ALLOWED_ORIGINS: origin, LOG_LEVEL: 'warn' })
  const body = codeOf('docs/first-app.md', 'html').replace('http://127.0.0.1:3000', url)
  // A server, not a route of the browser: for that the browser would take the gateway for a private network.
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(body))
  await once(server.listen(port, 'localhost'), 'listening')
  t.teardown(() => server.close())
  const open = async () => {
    const page = await openPage(t)
    await page.goto(origin)
    await page.getByText('online').waitFor()
    return page
  }
  const [ann, ben] = [await open(), await open()]
  await ann.getByPlaceholder('Name').fill('Ann')
  await ann.getByPlaceholder('Message').fill('Hello')
  await ann.getByRole('button').click()
  await ben.getByText('Ann: Hello').waitFor()

  const [, bot = ''] =
    /-d '(.+?)'/.exec(fencesOf('docs/first-app.md').find(({ text }) => text.includes('Bot'))?.text ?? '') ?? []
  const answer = await fetch(`${url}/channels/chat:lobby`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: bot,
  })
  t.match(await answer.json(), { channel: 'chat:lobby', receivers: 1, id: String })
  await ann.getByText('Bot: The build is green.').waitFor()
  const { listeners } = (await (await fetch(`${url}/channels/chat:lobby/subscribers`)).json()) as { listeners: number }
  t.equal(listeners, 2)

  await ben.reload()
  await ben.getByText('Bot: The build is green.').waitFor()
  t.same(await ben.locator('li').allTextContents(), ['Ann: Hello', 'Bot: The build is green.'])
})

t.test('docs/authentication.md: a user logs in, and gets alerts before and after the connection breaks', async t => {
  const PAGE = 'docs/authentication.md'
  const port = await freePort()
  const { key, entry } = createApiKey('backend', { publish: ['user:*'], subscribe: ['user:*'] })
  const redis = await startRedis(t)
  const config = {
    API_KEYS: JSON.stringify([entry]),
    ALLOWED_ORIGINS: settingsIn(PAGE).ALLOWED_ORIGINS?.replace('8080', `${port}`) ?? '',
    RETRY_MS: 50,
  }
  const gateway = await build(t, { redisUrl: redis.url, config })
  const cutAll = cutter(gateway.app.server)

  const folder = await mkdtemp(join(tmpdir(), 'carillon-app-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'app.mjs'), codeOf(PAGE, 'js'))
  await writeFile(join(folder, 'index.html'), codeOf(PAGE, 'html'))
  const env = { PATH: process.env.PATH, PORT: `${port}`, CARILLON_URL: gateway.url, CARILLON_TOKEN: key }
  const app = spawn(process.execPath, ['app.mjs'], { cwd: folder, env, stdio: 'inherit' })
  t.teardown(() => app.kill())
  const origin = `http://127.0.0.1:${port}`
  await until(
    () =>
      fetch(origin).then(
        ({ ok }) => ok,
        () => false,
      ),
    'the backend is up',
  )

  t.equal((await fetch(`${origin}/ticket`, { method: 'POST' })).status, 401, 'nobody gets a ticket without a login')
  const page = await openPage(t)
  await page.goto(origin)
  const alerts = page.locator('li')
  const isAlerted = async (count: number) => {
    await page.getByRole('button', { name: 'Order' }).click()
    return (await alerts.count()) >= count
  }
  await page.getByText('Log in').click()
  await until(() => isAlerted(1), 'an alert comes')
  t.equal(await alerts.first().textContent(), 'Your order is on its way.')
  const before = await alerts.count()
  cutAll()
  await until(() => isAlerted(before + 5), 'alerts come again')
})

t.test('docs/ai-streams.md: an answer survives a reload and a lost connection, without a token twice', async t => {
  const PAGE = 'docs/ai-streams.md'
  const { HISTORY = '' } = settingsIn(PAGE)
  const redis = await startRedis(t)
  const gateway = await build(t, { redisUrl: redis.url, config: { HISTORY, RETRY_MS: 50 } })
  const cutAll = cutter(gateway.app.server)
  Object.assign(process.env, { CARILLON_URL: gateway.url, CARILLON_TOKEN: 'not-needed' })
  const program = codeOf(PAGE, 'js').replace(/Authorization: .*?, '/, "'")
  const { answer } = await import(`data:text/javascript,${encodeURIComponent(program)}`)

  const page = await openPage(t)
  const body = codeOf(PAGE, 'html')
  await page.route('**/app?id=7', route => route.fulfill({ contentType: 'text/html', body }))
  await page.goto(`${gateway.url}/app?id=7`)
  const text = () => page.locator('#answer').textContent()
  const words = Array.from({ length: 40 }, (_, i) => `word${i} `)
  async function* tokens() {
    for (const [i, word] of words.entries()) {
      if (i === 10) {
        await until(async () => (await text())?.includes('word9 ') ?? false, 'the page shows what came so far')
        await page.reload()
      }
      if (i === 20) {
        await until(async () => (await text())?.includes('word19 ') ?? false, 'the page has the beginning again')
        cutAll()
      }
      yield word
    }
  }
  await answer('7', tokens())
  await until(async () => (await text())?.includes('word39 ') ?? false, 'the page shows the end')
  t.equal(await text(), words.join(''))
  await page.reload()
  await until(async () => (await text()) === words.join(''), 'an answer that has ended is shown again')
  const listeners = async () =>
    ((await (await fetch(`${gateway.url}/channels/answer:7/subscribers`)).json()) as { listeners: number }).listeners
  await until(async () => (await listeners()) === 0, 'the page closes the stream of an answer that has ended')
})
