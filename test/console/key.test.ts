import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { openConsole } from '../support/console-page.js'
import { build } from '../support/gateway.js'

const KEY = 'key-that-nobody-may-see'
const refusal = {
  status: 401,
  contentType: 'application/problem+json',
  body: '{"type":"urn:carillon:problem:unauthenticated","title":"Unauthenticated","status":401,"detail":"Show a key."}',
}

t.test('a key that is typed in opens everything, goes out in headers alone, and is gone with the page', async t => {
  const { url } = await build(t)
  const { page, listen } = await openConsole(t, await openBrowser(t), '')
  const urls: string[] = []
  page.on('request', request => urls.push(request.url()))
  // A gateway with access rules, as far as the console meets them: headers for calls, tickets for streams.
  let tickets = 0
  await page.route(/\/(channels|tickets|events)(\?|\/|$)/, async route => {
    const request = route.request()
    const asked = new URL(request.url())
    const authorized = request.headers().authorization === `Bearer ${KEY}`
    if (asked.pathname === '/tickets') {
      if (!authorized) return route.fulfill(refusal)
      t.same(request.postDataJSON(), { channels: ['news'], patterns: ['chat:*'] })
      return route.fulfill({ status: 201, json: { ticket: `ticket-${++tickets}`, seconds: 30 } })
    }
    if (asked.pathname === '/events') {
      if (asked.searchParams.get('ticket') !== `ticket-${tickets}`) return route.fulfill(refusal)
      asked.searchParams.delete('ticket')
      return route.continue({ url: asked.href })
    }
    return authorized ? route.continue() : route.fulfill(refusal)
  })
  await page.goto(`${url}/console`)
  await page.getByText('This gateway asks for a key.').waitFor()
  await page.getByRole('button', { name: 'Enter a key' }).click()
  await page.getByLabel('Key or token').fill('wrong')
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByText('This key does not open what was asked for.').waitFor()
  await page.getByRole('button', { name: 'Another key' }).click()
  t.equal(await page.getByLabel('Key or token').inputValue(), '', 'what was typed before is gone')
  await page.getByLabel('Key or token').fill(KEY)
  await page.getByLabel('Key or token').press('Enter')
  await page.getByText('Key in use').waitFor()
  await listen('news chat:*')
  t.equal(tickets, 1)
  await page.getByLabel('Message', { exact: true }).fill('with a key')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.locator('#tail-log li', { hasText: 'with a key' }).waitFor()
  for (const line of ['channels', 'tail', 'publish'])
    t.match(await page.locator(`#${line}-curl code`).textContent(), '-H "Authorization: Bearer $CARILLON_KEY"')

  const kept = await page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML])',
  )
  t.notMatch(kept, KEY, 'neither in storage nor in the page')
  t.notOk(urls.some(url => url.includes(KEY)))
  await page.reload()
  await page.getByText('This gateway asks for a key.').waitFor()
})
