import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { openBrowser } from './browser.js'
import { Inbox } from './inbox.js'

/** What a page has told, in its own words. */
export type Told = Record<string, unknown>

export interface ClientPage extends Inbox<Told> {
  readonly page: Page
  /** Runs code in the page; what it returns comes back. `Carillon`, `CarillonProblem` and `tell` are there. */
  run<T = void>(code: string): Promise<T>
}

/** A context in which every gateway has an empty page at `/page`. */
export async function openContext(t: Test, browser?: Browser): Promise<BrowserContext> {
  const context = await (browser ?? (await openBrowser(t))).newContext()
  const body = '<!doctype html><title>page</title>'
  await context.route('**/page', route => route.fulfill({ contentType: 'text/html', body }))
  return context
}

/** A page of the gateway's origin, which has loaded `/client.js`. */
export async function openClientPage(context: BrowserContext, url: string): Promise<ClientPage> {
  const page = await context.newPage()
  const inbox = new Inbox<Told>()
  await page.exposeFunction('tell', (told: Told) => inbox.put(told))
  page.on('pageerror', error => inbox.put({ pageError: String(error) }))
  const run = <T>(code: string) => page.evaluate(`(async () => { ${code} })()`) as Promise<T> // as its caller says
  await load(page, url)
  return Object.assign(inbox, { page, run })
}

/** Loads the page, or loads it again. */
export async function load(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/page`)
  await page.evaluate(`(async () => { Object.assign(window, await import('/client.js')) })()`)
}

/** Code that makes the page's timers run twenty times as fast: the pauses between tries are not what is looked at. */
export const HURRY = 'const wait = setTimeout; window.setTimeout = (call, ms) => wait(call, ms / 20);'

/** Code that makes a client which tells all it hears. */
export const listening = (topics: string[], options = '{}', subscription = '{}'): string => `
  window.client = new Carillon({
    onState: state => tell({ state }),
    onGap: gap => tell({ gap }),
    onProblem: ({ type, message }) => tell({ problem: type, message }),
    ...${options},
  })
  const onMessage = ({ channel, event, data }) =>
    tell({ channel, data: typeof data === 'string' ? data : [...data], ...(event && { event }) })
  window.subscription = client.subscribe(${JSON.stringify(topics)}, onMessage, ${subscription})
  await subscription.live`
