import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { createApiKey } from '../../../src/access/api-keys.js'
import { packageFile } from '../../../src/support/package.js'
import { openBrowser } from '../../support/browser.js'
import { openSse } from '../../support/clients.js'
import { build } from '../../support/gateway.js'
import { operations } from '../../support/openapi.js'
import { until } from '../../support/until.js'

const document = parse(await readFile(packageFile('openapi.yaml'), 'utf8'))

const browser = await openBrowser(t)

/** The page as somebody opens it; what it said in its console and asked for anywhere is judged at the end. */
async function openDocs(t: Test, url: string) {
  const page = await browser.newPage()
  t.teardown(() => page.close())
  page.setDefaultTimeout(20_000)
  const trouble: string[] = []
  page.on('console', message => message.type() !== 'log' && trouble.push(message.text()))
  page.on('pageerror', error => trouble.push(String(error)))
  const asked: string[] = []
  page.on('request', request => asked.push(request.url()))
  const response = await page.goto(`${url}/docs`)
  await page.locator('#reference[aria-busy="false"]').waitFor()
  const expectQuiet = () => {
    t.same(trouble, [], 'no word in the console, and nothing that the policy had to stop')
    t.same(
      asked.filter(address => !address.startsWith(url) && !address.startsWith('data:')),
      [],
      'nothing is fetched from anywhere else',
    )
  }
  return { page, response, trouble, expectQuiet }
}

/** Publishes by the form of the page. Resolves with the status that it shows. */
async function tryPublish(page: Page, channel: string, body: string): Promise<string | null> {
  const publish = page.locator('#operations-publish-publish')
  const tryOut = publish.getByRole('button', { name: 'Try it out' })
  if (!(await publish.locator('.opblock-body').isVisible())) {
    await publish.locator('.opblock-summary-control').click()
    await tryOut.click()
  }
  await publish.locator('tr[data-param-name="channel"] input').fill(channel)
  await publish.locator('.body-param textarea').fill(body)
  const answered = page.waitForResponse(response => response.request().method() === 'POST')
  await publish.getByRole('button', { name: 'Execute' }).click()
  const status = `${(await answered).status()}`
  const shown = publish.locator('.live-responses-table .response .response-col_status', { hasText: status })
  await shown.waitFor()
  return shown.textContent()
}

t.test('the page shows every operation, and needs nothing from elsewhere', async t => {
  const { url } = await build(t)
  const { page, response, expectQuiet } = await openDocs(t, url)
  const policy = response?.headers()['content-security-policy'] ?? ''
  t.match(policy, "default-src 'none'")
  t.match(policy, "script-src 'self';", 'no script but those of the gateway')
  t.notMatch(policy, 'unsafe')
  const shown = await page
    .locator('.opblock')
    .evaluateAll(blocks =>
      blocks.map(block =>
        ['method', 'path'].map(part => block.querySelector(`.opblock-summary-${part}`)?.textContent ?? '').join(' '),
      ),
    )
  t.same(
    shown.map(text => text.replaceAll('\u200b', '')).sort(),
    operations(document)
      .map(({ method, path }) => `${method} ${path}`)
      .sort(),
  )
  expectQuiet()
})

t.test('publishes from the page reach subscribers', async t => {
  const { url } = await build(t)
  const listener = await openSse(t, `${url}/channels/news/events`)
  const { page, expectQuiet } = await openDocs(t, url)
  t.equal(await tryPublish(page, 'news', 'hello from the page'), '200')
  t.equal((await listener.next()).data, 'hello from the page')
  t.equal(await tryPublish(page, 'news', 'and once more'), '200', 'nothing of the first try stands in the way')
  t.equal((await listener.next()).data, 'and once more')
  const shown = await page.locator('#operations-publish-publish .live-responses-table').textContent()
  t.match(shown, '"receivers": 1', 'the page shows the answer')
  expectQuiet()
})

t.test('a stream that is tried as the page has it shows the next message, and ends', async t => {
  const { url } = await build(t)
  const { page, expectQuiet } = await openDocs(t, url)
  const stream = page.locator('#operations-stream-streamChannel')
  await stream.locator('.opblock-summary-control').click()
  await stream.getByRole('button', { name: 'Try it out' }).click()
  await stream.getByRole('button', { name: 'Execute' }).click()
  const shown = stream.locator('.live-responses-table .response .response-col_description')
  await until(async () => {
    await fetch(`${url}/channels/news`, { method: 'POST', body: 'the next one' })
    return (await shown.count()) > 0
  }, 'it is shown')
  t.match(await shown.first().textContent(), 'data: the next one')
  expectQuiet()
})

t.test('with access rules the page accepts a key, and publishes with it', async t => {
  const { key, entry } = createApiKey('reader', { publish: ['news'], subscribe: ['news'] })
  const { url } = await build(t, { config: { API_KEYS: JSON.stringify([entry]) } })
  const headers = { authorization: `Bearer ${key}` }
  const listener = await openSse(t, `${url}/channels/news/events`, headers)
  const { page, trouble } = await openDocs(t, url)
  t.equal(await tryPublish(page, 'news', 'without a key'), '401')
  trouble.length = 0 // the browser has told of the 401

  await page.locator('.auth-wrapper .authorize').first().click()
  const dialog = page.locator('.modal-ux')
  await dialog.getByRole('textbox').fill(key)
  await dialog.getByRole('button', { name: 'Apply credentials' }).click()
  await dialog.getByRole('button', { name: 'Close' }).click()
  t.equal(await tryPublish(page, 'news', 'with a key'), '200')
  t.equal((await listener.next()).data, 'with a key')
  t.same(trouble, [])
  t.same(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]'), [0, 0, ''])
})
