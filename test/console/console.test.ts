import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { openSse } from '../support/clients.js'
import { openConsole } from '../support/console-page.js'
import { build } from '../support/gateway.js'

const browser = await openBrowser(t)
const { url } = await build(t)
const post = (path: string, body: string | Buffer) => fetch(`${url}/channels/${path}`, { method: 'POST', body })

t.test('it shows the channels with both counts as they come and go, and listens to the one that is picked', async t => {
  const { page, complaints, hosts } = await openConsole(t, browser, url)
  await page.getByText('No channel has subscribers now.').waitFor()
  const streams = [
    await openSse(t, `${url}/channels/room:1/events`),
    await openSse(t, `${url}/channels/room:1/events`),
    await openSse(t, `${url}/channels/hall/events`),
  ]
  const row = page.getByRole('row', { name: 'room:1' })
  await row.waitFor()
  t.same(await row.locator('td').allTextContents(), ['2', '1'])
  await page.getByLabel('Find').fill('ha')
  await row.waitFor({ state: 'detached' })
  t.same(await page.locator('#channels tbody th').allTextContents(), ['hall'])
  t.equal(await page.locator('#channels-curl code').textContent(), `curl '${url}/channels?counts=true&pattern=*ha*'`)
  await page.getByLabel('Find').fill('')
  await page.getByRole('button', { name: 'room:1' }).click()
  await page.locator('#tail-state[data-state=live]').waitFor()
  t.equal(await page.getByLabel('Channels and patterns').inputValue(), 'room:1')
  for (const stream of streams) stream.close()
  await page.locator('#channels tbody tr', { hasText: 'hall' }).waitFor({ state: 'detached' })
  t.same(complaints, [])
  t.same([...hosts], [new URL(url).host], 'it asks nobody else')
})

t.test('messages show as they come: text, JSON in a readable form, bytes as hex and base64', async t => {
  const { page, complaints, listen } = await openConsole(t, browser, url)
  await listen('news bytes:*')
  await post('news', 'plain <b>text</b>')
  await post('news?event=price', '{"eur":1.0,"big":12345678901234567890}')
  await post('bytes:1', Buffer.from([0x89, 0x50, 0xff]))
  await post('news', '')
  const rows = page.locator('#tail-log li')
  await rows.nth(3).waitFor()
  t.same(
    (await rows.allTextContents()).map(text => text.slice('00:00:00.000'.length)),
    ['newsplain <b>text</b>', 'newsprice{"eur":1.0,"big":12345678901234567890}', 'bytes:189 50 ff', 'newsempty'],
  )
  const data = page.locator('#detail-data')
  await rows.nth(1).getByRole('button').click()
  t.equal(await data.textContent(), '{\n  "eur": 1.0,\n  "big": 12345678901234567890\n}')
  t.match(await page.locator('#detail-facts').textContent(), 'EventpriceSize38 B')
  await page.getByText('Base64', { exact: true }).click()
  t.equal(await data.textContent(), Buffer.from('{"eur":1.0,"big":12345678901234567890}').toString('base64'))
  await rows.nth(2).getByRole('button').click()
  t.equal(await data.textContent(), '00000000  89 50 ff                                         |.P.|')
  await page.getByRole('button', { name: 'To the publish box' }).click()
  t.equal(await page.getByLabel('Message', { exact: true }).inputValue(), 'iVD/')
  t.equal(await page.locator('#tail-curl code').textContent(), `curl -N '${url}/events?channel=news&pattern=bytes%3A*'`)
  t.same(complaints, [])
})

t.test(
  'while it is paused the list stands still and what comes is counted; a filter looks through all of it',
  async t => {
    const { page, listen } = await openConsole(t, browser, url)
    await listen('calm')
    for (let i = 1; i <= 5; i++) await post('calm', `number ${i}`)
    const rows = page.locator('#tail-log li')
    await rows.nth(4).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    for (let i = 6; i <= 8; i++) await post('calm', `number ${i}`)
    await page.getByRole('button', { name: '3 newer messages · resume' }).waitFor()
    t.equal(await rows.count(), 5)
    await page.getByRole('button', { name: 'Resume', exact: true }).click()
    await rows.nth(7).waitFor()
    await page.getByLabel('Filter').fill('number 7')
    await rows.nth(0).getByText('number 7').waitFor()
    t.equal(await rows.count(), 1)
    await post('calm', 'number 77')
    await rows.nth(1).waitFor()
    await page.getByLabel('Filter').fill('')
    await rows.nth(8).waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByText('Connected. No messages yet.').waitFor()
  },
)

t.test('it publishes, says who heard it, and checks JSON before it goes out', async t => {
  const { page, complaints, listen } = await openConsole(t, browser, url)
  const publish = page.getByRole('button', { name: 'Publish', exact: true })
  const result = page.locator('#publish-result')
  await page.getByLabel('Channel', { exact: true }).fill('box')
  await page.getByLabel('Message', { exact: true }).fill('hello')
  await publish.click()
  await result.getByText('Published. No subscribers.').waitFor()
  await listen('box')
  await page.getByLabel('Event type').fill('greeting')
  await page.getByLabel('Message', { exact: true }).press('Control+Enter')
  await result.getByText('Published to 1 receiver.').waitFor()
  await page.locator('#tail-log li', { hasText: 'greeting' }).getByText('hello').waitFor()
  await page.getByLabel('Content').selectOption('JSON')
  await page.locator('#publish-check').getByText('This is not JSON').waitFor()
  await publish.click()
  await result.getByText('Not published: This is not JSON').waitFor()
  await page.getByLabel('Message', { exact: true }).fill('{"a": 1}')
  await page.locator('#publish-check').getByText('Valid JSON').waitFor()
  await publish.click()
  await page.locator('#tail-log li').getByText('{"a": 1}').waitFor()
  await page.getByLabel('Content').selectOption('Bytes, as base64')
  await page.getByLabel('Message', { exact: true }).fill('AP8=')
  await publish.click()
  await page.locator('#tail-log li').getByText('00 ff').waitFor()
  t.equal(
    await page.locator('#publish-curl code').textContent(),
    `printf %s AP8= | base64 -d | curl -H 'Content-Type: application/octet-stream' --data-binary @- '${url}/channels/box?event=greeting'`,
  )
  await page.getByLabel('Event type').fill('gap')
  await publish.click()
  await result.getByText(/^400: Event type /).waitFor()
  t.same(complaints, [])
})

t.test('a line for the terminal is copied unchanged', async t => {
  const { page } = await openConsole(t, browser, url, { permissions: ['clipboard-read', 'clipboard-write'] })
  await page.getByRole('button', { name: 'Copy the curl line that lists the channels' }).click()
  await page.locator('#announcer', { hasText: 'Copied' }).waitFor({ state: 'attached' })
  t.equal(await page.evaluate('navigator.clipboard.readText()'), `curl '${url}/channels?counts=true'`)
})

t.test(
  'what it listens to stands in the address, so that a reload goes on; a name that cannot be is explained',
  async t => {
    const { page, listen } = await openConsole(t, browser, url)
    await listen('news chat:*')
    t.equal(await page.evaluate('location.hash'), '#news%20chat%3A*')
    await page.reload()
    await page.locator('#tail-state[data-state=live]').waitFor()
    await page.getByLabel('Channels and patterns').fill('not/a/name')
    await page.getByRole('button', { name: 'Listen', exact: true }).click()
    await page
      .locator('#tail-empty')
      .getByText(/^Channel name .* contains/)
      .waitFor()
    await page.getByRole('button', { name: 'Listen', exact: true }).waitFor()
  },
)
