import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { packageFile } from '../../src/package.js'
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

t.test('all of it goes by keyboard', async t => {
  const { page } = await openConsole(t, browser, url)
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter') // skip to the messages
  await page.keyboard.press('Tab')
  await page.keyboard.type('keys')
  await page.keyboard.press('Enter')
  await page.locator('#tail-state[data-state=live]').waitFor()
  for (const text of ['one', 'two', 'three']) await post('keys', text)
  await page.locator('#tail-log li').nth(2).waitFor()
  await page.locator('#tail-log').focus()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  t.match(await page.evaluate('document.activeElement.textContent'), /two$/)
  t.ok(
    await page.getByRole('button', { name: 'Resume', exact: true }).isVisible(),
    'the list stands still under who reads it',
  )
  await page.keyboard.press('Enter')
  t.equal(await page.locator('#detail-data').textContent(), 'two')
  await page.locator('#detail-data').focus()
  await page.keyboard.press('Escape')
  t.notOk(await page.locator('#detail').isVisible())
  t.match(await page.evaluate('document.activeElement.textContent'), /two$/, 'back where one came from')
  await page.getByRole('button', { name: 'Access' }).focus()
  await page.keyboard.press('Enter')
  t.equal(await page.evaluate('document.activeElement.id'), 'access-key')
  await page.keyboard.press('Escape')
  t.equal(await page.evaluate('document.activeElement.id'), 'access')
})

const focused = (page: Page) => page.evaluate('document.activeElement.textContent')

t.test('the list of channels is one stop for Tab; arrow keys go through it, Enter listens', async t => {
  const { page } = await openConsole(t, browser, url)
  const open = (name: string) => openSse(t, `${url}/channels/arrow:${name}/events`)
  const [a, b, c] = [await open('a'), await open('b'), await open('c')]
  const rows = page.locator('#channels tbody tr')
  await page.getByLabel('Find').fill('arrow:')
  await rows.nth(2).waitFor()
  const channels = ['arrow:a', 'arrow:b', 'arrow:c']
  t.same(await rows.locator('button').allTextContents(), channels)

  const goes = async (key: string, name: string | undefined) => {
    await page.keyboard.press(key)
    t.equal(await focused(page), name, key)
  }
  await page.keyboard.press('Tab') // from where one has looked for them
  t.equal(await page.evaluate('document.activeElement.id'), 'channels-table')
  await goes('ArrowDown', channels[0])
  await goes('ArrowDown', channels[1])
  await goes('End', channels[2])
  await goes('ArrowDown', channels[2])
  await goes('Home', channels[0])
  await goes('PageDown', channels[2])
  await goes('ArrowUp', channels[1])
  await page.keyboard.press('Enter')
  await page.locator('#tail-state[data-state=live]').waitFor()
  t.equal(await page.getByLabel('Channels and patterns').inputValue(), 'arrow:b')

  b.close()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.locator('#channels-table').focus()
  await page.keyboard.press('ArrowUp')
  await goes('ArrowUp', channels[0])
  a.close()
  await rows.filter({ hasText: 'arrow:a' }).waitFor({ state: 'detached' })
  t.match(await focused(page), 'arrow:', 'when the channel under it goes, the focus stays in the list')
  await page.keyboard.press('Tab')
  t.equal(await page.evaluate("document.activeElement.closest('#channels-table')"), null, 'Tab leaves the list')
  c.close()
})

t.test('the message that is open follows the arrow keys, and Escape goes back to what comes', async t => {
  const { page, listen } = await openConsole(t, browser, url)
  await listen('follow')
  for (let i = 1; i <= 15; i++) await post('follow', `number ${i}.`)
  await page.locator('#tail-log li').nth(14).waitFor()
  const shown = page.locator('#detail-data')
  await page.locator('#tail-log').focus()
  await page.keyboard.press('ArrowUp')
  t.match(await focused(page), /number 15\.$/, 'it begins with the newest')
  await page.keyboard.press('Enter')
  t.equal(await shown.textContent(), 'number 15.')
  await page.keyboard.press('ArrowUp')
  t.equal(await shown.textContent(), 'number 14.')
  await page.keyboard.press('PageUp')
  t.equal(await shown.textContent(), 'number 4.')
  await page.keyboard.press('Home')
  t.equal(await shown.textContent(), 'number 1.')

  for (let i = 0; i < 4; i++) await page.keyboard.press('Tab')
  await page.keyboard.press('ArrowRight')
  t.equal(await page.evaluate('document.activeElement.value'), 'hex', 'the forms of a message go by arrows as well')
  t.match(await shown.textContent(), /^00000000 {2}6e 75/)
  await page.keyboard.press('Escape')
  t.notOk(await page.locator('#detail').isVisible())
  t.match(await focused(page), /number 1\.$/, 'back in the list')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor()
  t.equal(await page.evaluate('document.activeElement.id'), 'tail-log')
  await page.keyboard.press('Enter')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Escape')
  t.notOk(await page.locator('#detail').isVisible(), 'Escape closes it from the list too')
})

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
