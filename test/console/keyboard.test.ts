import type { Page } from 'playwright-core'
import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { openSse } from '../support/clients.js'
import { openConsole } from '../support/console-page.js'
import { build } from '../support/gateway.js'

const browser = await openBrowser(t)
const { url } = await build(t)
const post = (path: string, body: string) => fetch(`${url}/channels/${path}`, { method: 'POST', body })
const focused = (page: Page) => page.evaluate('document.activeElement.textContent')

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

t.test('a channel that the keys have gone to is in view, and not under the head of the table', async t => {
  const { page } = await openConsole(t, browser, url)
  const streams = []
  for (let i = 0; i < 40; i++) streams.push(await openSse(t, `${url}/channels/view:${i}/events`))
  await page.getByLabel('Find').fill('view:')
  await page.locator('#channels tbody tr').nth(39).waitFor()
  await page.locator('#channels-table').focus()
  await page.keyboard.press('End')
  for (let i = 0; i < 30; i++) {
    await page.keyboard.press('ArrowUp')
    const onTop = await page.evaluate(`(() => {
      const { left, top } = document.activeElement.getBoundingClientRect()
      return document.elementFromPoint(left + 4, top + 2) === document.activeElement
    })()`)
    if (!onTop) t.fail(`${await focused(page)} is hidden`)
  }
  t.equal(await focused(page), 'view:17', 'as names are sorted')
  for (const stream of streams) stream.close()
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
