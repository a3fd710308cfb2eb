import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { packageFile } from '../../src/support/package.js'
import { openBrowser } from '../support/browser.js'
import { openSse } from '../support/clients.js'
import { openConsole } from '../support/console-page.js'
import { build } from '../support/gateway.js'

const browser = await openBrowser(t)
const { url } = await build(t)
const axe = await readFile(packageFile('node_modules/axe-core/axe.min.js'), 'utf8')
const post = (path: string, body: string | Buffer) => fetch(`${url}/channels/${path}`, { method: 'POST', body })

/** axe-core finds nothing to mend. It is run through the debugger, as the page's policy lets no foreign script in. */
async function expectAccessible(t: Test, page: Page, when: string) {
  const found = (await page.evaluate(`(() => { ${axe} })(); axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(node => node.html.slice(0, 120) + ' ' + node.failureSummary).join(' | ')))`)) as string[] // as axe gives them
  t.same(found, [], when)
}

for (const colorScheme of ['light', 'dark'] as const) {
  t.test(`in ${colorScheme} colours there is nothing that keeps people out`, async t => {
    const { page, listen } = await openConsole(t, browser, url, { colorScheme, bypassCSP: true })
    await expectAccessible(t, page, 'when nothing is there')
    const stream = await openSse(t, `${url}/channels/news/events`)
    await listen('news')
    await post('news?event=price', '{"eur":1.08,"open":true,"note":null,"name":"x"}')
    await post('news', Buffer.from([255, 0]))
    await page.locator('#tail-log li').nth(1).waitFor()
    await page.locator('#channels tbody tr').first().waitFor()
    await page.locator('#tail-log li button').first().click()
    await page.getByLabel('Content').selectOption('JSON')
    await page.getByLabel('Message', { exact: true }).fill('{')
    await expectAccessible(t, page, 'when it is live, with a message open and a mistake made')
    await page.getByRole('button', { name: 'Access' }).click()
    await expectAccessible(t, page, 'when it asks for a key')
    stream.close()
  })
}

t.test('it fits a phone: nothing goes over the side, and everything is there', async t => {
  const { page, listen } = await openConsole(t, browser, url, { viewport: { width: 360, height: 740 }, hasTouch: true })
  const width = () => page.evaluate('document.documentElement.scrollWidth')
  t.equal(await width(), 360)
  const name = `long:${'x'.repeat(120)}`
  const stream = await openSse(t, `${url}/channels/${name}/events`)
  await listen(`${name} other:*`)
  await post(`${name}?event=${'e'.repeat(100)}`, `{"a":"${'b'.repeat(500)}"}`)
  await page.locator('#tail-log li button').first().click()
  await page.locator('#detail').waitFor()
  await page.locator('#channels tbody tr').first().waitFor()
  t.equal(await width(), 360)
  for (const part of ['Messages', 'Channels', 'Publish', 'Connection'])
    t.ok(await page.getByRole('heading', { name: part, exact: true }).isVisible(), part)
  stream.close()
})

t.test('the colours are those of the system, until one chooses others', async t => {
  const { page } = await openConsole(t, browser, url, { colorScheme: 'dark' })
  const page_ = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  const dark = await page_()
  const button = page.getByRole('button', { name: /^Theme/ })
  await button.click()
  t.not(await page_(), dark)
  await page.reload()
  t.not(await page_(), dark, 'it is kept')
  t.equal(await button.getAttribute('aria-label'), 'Theme: light')
  await button.click()
  t.equal(await page_(), dark)
})
