import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { build as bundle, type Plugin } from 'esbuild'
import { compile as compileSvelte } from 'svelte/compiler'
import t, { type Test } from 'tap'
import { compileScript, parse as parseVue } from 'vue/compiler-sfc'
import { createApiKey } from '../src/access/api-keys.js'
import { packageFile } from '../src/support/package.js'
import { openBrowser } from './support/browser.js'
import { fencesOf } from './support/doc-page.js'
import { build, startGateway } from './support/gateway.js'
import { Inbox } from './support/inbox.js'
import { until } from './support/until.js'

/* Runs the code of docs/listen.md: the components in a browser, after their own compilers. */
const PAGE = 'docs/listen.md'
const browser = await openBrowser(t)
const blocks = (language: string): string[] =>
  fencesOf(PAGE).flatMap(fence => (fence.language === language ? [fence.text] : []))

/** A page that runs this module, and a gateway of the same origin. */
async function open(t: Test, entry: string, component = '', compile?: Plugin) {
  const { outputFiles } = await bundle({
    stdin: { contents: entry, resolveDir: packageFile('.'), loader: 'jsx' },
    jsx: 'automatic',
    bundle: true,
    write: false,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false' },
    conditions: ['browser'],
    plugins: compile ? [compile] : [componentAs(component)],
  })
  return openHtml(t, `<div id="app"></div><script type="module">${outputFiles[0]?.text}</script>`)
}

async function openHtml(t: Test, body: string) {
  const { url } = await build(t)
  const page = await browser.newPage()
  t.teardown(() => page.close())
  await page.route('**/app', route => route.fulfill({ contentType: 'text/html; charset=utf-8', body }))
  await page.goto(`${url}/app`)
  return { url, page }
}

const componentAs = (contents: string): Plugin => ({
  name: 'component',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^component$/ }, ({ path }) => ({ path, namespace: 'component' }))
    onLoad({ filter: /.*/, namespace: 'component' }, () => ({ contents, loader: 'jsx', resolveDir: packageFile('.') }))
  },
})

/** Publishes orders until the page shows one: nothing tells from outside when it listens. */
async function showsOrders(t: Test, { url, page }: Awaited<ReturnType<typeof openHtml>>) {
  let id = 0
  const isShown = async () => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ id: ++id })
    await fetch(`${url}/channels/orders?event=placed`, { method: 'POST', headers, body })
    return (await page.locator('li').count()) > 0
  }
  await until(isShown, 'the page shows an order')
  t.match(await page.locator('li').first().textContent(), /^Order \d+$/)
}

/** As `GET /channels/orders/subscribers` counts them. */
const listeners = async (url: string): Promise<number> =>
  ((await (await fetch(`${url}/channels/orders/subscribers`)).json()) as { listeners: number }).listeners

t.test('plain JavaScript shows an order', async t => {
  await showsOrders(t, await openHtml(t, blocks('html')[0] ?? ''))
})

t.test('the React component shows an order, and closes its stream when it goes away', async t => {
  const entry = `
    import { createRoot } from 'react-dom/client'
    import { Orders } from 'component'
    const root = createRoot(document.querySelector('#app'))
    root.render(<Orders />)
    window.leave = () => root.unmount()`
  const app = await open(t, entry, blocks('jsx')[0])
  await showsOrders(t, app)
  await app.page.evaluate('leave()')
  await until(async () => (await listeners(app.url)) === 0, 'the stream is closed')
})

t.test('the Vue component shows an order, and closes its stream when it goes away', async t => {
  const { descriptor } = parseVue(blocks('vue')[0] ?? '')
  const entry = `
    import { createApp } from 'vue'
    import Orders from 'component'
    const app = createApp(Orders)
    app.mount('#app')
    window.leave = () => app.unmount()`
  const app = await open(t, entry, compileScript(descriptor, { id: 'orders', inlineTemplate: true }).content)
  await showsOrders(t, app)
  await app.page.evaluate('leave()')
  await until(async () => (await listeners(app.url)) === 0, 'the stream is closed')
})

t.test('the Svelte component shows an order, and closes its stream when it goes away', async t => {
  const entry = `
    import { mount, unmount } from 'svelte'
    import Orders from 'component'
    const app = mount(Orders, { target: document.querySelector('#app') })
    window.leave = () => unmount(app)`
  const component = compileSvelte(blocks('svelte')[0] ?? '', { generate: 'client' }).js.code
  const app = await open(t, entry, component)
  await showsOrders(t, app)
  await app.page.evaluate('leave()')
  await until(async () => (await listeners(app.url)) === 0, 'the stream is closed')
})

/** Next.js itself is not run here: its route handlers are functions from a `Request` to a `Response`. */
t.test('the Next.js route handler publishes, and its rewrite leads to the gateway', async t => {
  const { key, entry } = createApiKey('next', { publish: ['orders'], subscribe: ['orders'] })
  const { url } = await startGateway(t, { API_KEYS: JSON.stringify([entry]), HISTORY: 'orders', LOG_LEVEL: 'warn' })
  const [config = '', handler = ''] = blocks('js')
  Object.assign(process.env, { CARILLON_URL: url, CARILLON_TOKEN: key })
  const module = async (code: string) => import(`data:text/javascript,${encodeURIComponent(code)}`)
  const { POST } = await module(handler)
  const answer: Response = await POST(new Request('http://app/api/orders', { method: 'POST', body: '{"id":7}' }))
  t.equal(answer.status, 200)
  t.match(await answer.json(), { channel: 'orders', id: String })
  const [rewrite] = await (await module(config)).default.rewrites()
  const target = rewrite.destination.replace(':path*', 'channels/orders/messages?since=all')
  const kept = await (await fetch(target, { headers: { authorization: `Bearer ${key}` } })).json()
  t.match(kept, { messages: [{ event: 'placed', data: '{"id":7}' }] })
})

t.test('a page with several channels logs where each message comes from', async t => {
  const app = await openHtml(t, blocks('html')[1] ?? '')
  const said: string[] = []
  app.page.on('console', message => said.push(message.text()))
  const isSaid = async () => {
    await fetch(`${app.url}/channels/chat:1?event=line`, { method: 'POST', body: 'hello' })
    return said.includes('chat:1 line hello')
  }
  await until(isSaid, 'the page logs the message')
})

const noPython = spawnSync('python3', ['--version']).error !== undefined && 'python3 is not installed'
t.test('the Python program prints a message', { skip: noPython }, async t => {
  const { url } = await build(t)
  const env = { ...process.env, CARILLON_URL: url }
  const python = spawn('python3', ['-c', blocks('python')[0] ?? ''], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => python.kill())
  const lines = new Inbox<string>()
  createInterface(python.stdout).on('line', line => lines.put(line))
  const line = lines.next(30_000)
  let done = false
  line.finally(() => (done = true)).catch(() => {})
  const isHeard = async () => {
    await fetch(`${url}/channels/orders`, { method: 'POST', body: 'hello' })
    return done
  }
  await until(isHeard, 'the program hears the message')
  t.equal(await line, 'hello')
})
