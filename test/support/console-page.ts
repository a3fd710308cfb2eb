import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'

export interface ConsolePage {
  readonly page: Page
  /** What the browser complained of: errors in scripts, and whatever the policy forbade. */
  readonly complaints: string[]
  /** Hosts that the page asked for anything. */
  readonly hosts: Set<string>
  listen(topics: string): Promise<void>
}

/** The console of a gateway, in a context of its own; it closes with the test. Without a URL the page is still empty. */
export async function openConsole(
  t: Test,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({ viewport: { width: 1360, height: 850 }, ...options })
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const complaints: string[] = []
  const hosts = new Set<string>()
  // A stream that was refused or lost is told as an error of the network, which is what some tests are about.
  page.on('console', message => {
    if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text()))
      complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => hosts.add(new URL(request.url()).host))
  if (url) await page.goto(`${url}/console`)
  const listen = async (topics: string) => {
    await page.getByLabel('Channels and patterns').fill(topics)
    await page.getByRole('button', { name: 'Listen', exact: true }).click()
    await page.locator('#tail-state[data-state=live]').waitFor()
  }
  return { page, complaints, hosts, listen }
}
