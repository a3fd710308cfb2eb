import { mkdirSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { openBrowser } from '../test/support/browser.js'
import { openSse } from '../test/support/clients.js'
import { startGateway } from '../test/support/gateway.js'
import { startRedis } from '../test/support/redis.js'

/*
 * Takes the pictures of the console and of the page of the API in `docs/images`, of a real gateway on a real Redis,
 * by `npm run screenshots [-- name …]`. They show what is there now: nothing compares them.
 */
const FOLDER = process.env.FOLDER ?? 'docs/images'
const wanted = process.argv.slice(2)
const ends: (() => unknown)[] = []
const scope = { teardown: (end: () => unknown) => void ends.push(end) } as Parameters<typeof openBrowser>[0] // all that is asked of it

const redis = await startRedis(scope)
const { url } = await startGateway(scope, { REDIS_URL: redis.url, LOG_LEVEL: 'silent' })
const browser = await openBrowser(scope)
mkdirSync(FOLDER, { recursive: true })

const wide: BrowserContextOptions = { viewport: { width: 1360, height: 850 } }
const phone: BrowserContextOptions = { viewport: { width: 360, height: 760 }, deviceScaleFactor: 2, hasTouch: true }

await listenElsewhere()
await take('console', { ...wide, viewport: { width: 1360, height: 980 }, colorScheme: 'light' }, async page => {
  await listen(page, 'orders:* news')
  await traffic(14_000, 60)
  await page.locator('#tail-log li:has-text("orders:berlin") button').nth(-3).click()
})
await take('console-dark', { ...wide, colorScheme: 'dark' }, async page => {
  await listen(page, 'orders:* news')
  await traffic(6000, 60)
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
  await page.locator('#tail-log .gap').first().waitFor()
  await traffic(600, 100)
  await wait(2500)
})
await take('console-burst', { ...wide, colorScheme: 'light' }, async page => {
  await listen(page, '*')
  await burst(12)
})
await take('console-phone', { ...phone, colorScheme: 'dark' }, async page => {
  await listen(page, 'orders:* news')
  await traffic(6000, 100)
})
await take('docs', { viewport: { width: 1100, height: 1390 }, colorScheme: 'light' }, async page => {
  await page.goto(`${url}/docs`)
  await page.locator('#reference[aria-busy="false"]').waitFor()
  const publish = page.locator('#operations-publish-publish')
  await publish.locator('.opblock-summary-control').click()
  await publish.getByRole('button', { name: 'Try it out' }).click()
  await publish.locator('tr[data-param-name="channel"] input').fill('news')
  await publish.locator('.body-param textarea').fill('The bells ring at noon')
  await publish.getByRole('button', { name: 'Execute' }).click()
  await publish.locator('.live-responses-table .response').waitFor()
  await publish.evaluate(place => place.scrollIntoView({ block: 'start' }))
})

for (const end of ends.reverse()) await end()

async function take(
  name: string,
  options: BrowserContextOptions,
  prepare: (page: Page) => Promise<void>,
): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(name)) return
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.goto(`${url}/console`)
  await page.locator('#channels-table').waitFor()
  await prepare(page)
  await page.screenshot({ path: `${FOLDER}/${name}.png` })
  await context.close()
}

async function listen(page: Page, topics: string): Promise<void> {
  await page.getByLabel('Channels and patterns').fill(topics)
  await page.getByRole('button', { name: 'Listen', exact: true }).click()
  await page.locator('#tail-state[data-state=live]').waitFor()
}

/** Others than the console, so that the counts have something to say. */
async function listenElsewhere(): Promise<void> {
  const clients = { 'chat:lobby': 7, news: 5, 'orders:berlin': 3, 'metrics:cpu': 1, 'user:42': 1 }
  for (const [channel, count] of Object.entries(clients))
    await Promise.all(Array.from({ length: count }, () => openSse(scope, `${url}/channels/${channel}/events`)))
}

async function traffic(milliseconds: number, pace: number): Promise<void> {
  const end = Date.now() + milliseconds
  for (let number = 4201; Date.now() < end; number++) {
    const order = { id: number, total: 19.9, items: ['bell', 'rope'], paid: number % 3 > 0, note: null }
    const city = number % 4 === 0 ? 'paris' : 'berlin'
    publish(`orders:${city}?event=${number % 3 ? 'created' : 'paid'}`, JSON.stringify(order))
    if (number % 7 === 0) publish('news', 'The bells of the old town ring again at noon')
    if (number % 19 === 0) publish('orders:paris', Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 255, 1, 2]))
    await wait(pace * (0.5 + Math.random()))
  }
}

/** 200 messages a second, ten at a time. */
async function burst(seconds: number): Promise<void> {
  const cities = ['berlin', 'paris', 'rome', 'lima']
  const started = Date.now()
  for (let i = 0; i < seconds * 20; i++) {
    const messages = Array.from({ length: 10 }, (_, n) => {
      const id = 4201 + i * 10 + n
      return {
        channel: `orders:${cities[id % 4]}`,
        event: id % 3 ? 'created' : 'paid',
        data: JSON.stringify({ id, total: 19.9, paid: id % 3 === 0 }),
      }
    })
    const headers = { 'content-type': 'application/json' }
    await fetch(`${url}/publish`, { method: 'POST', headers, body: JSON.stringify({ messages }) })
    await wait(Math.max(0, started + (i + 1) * 50 - Date.now()))
  }
}

function publish(path: string, body: string | Buffer): void {
  fetch(`${url}/channels/${path}`, { method: 'POST', body }).catch(() => {}) // Redis is away for a moment
}
