import t from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'
import { openBrowser } from '../support/browser.js'
import { openConsole } from '../support/console-page.js'
import { cutter } from '../support/cut.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

const all = createApiKey('all', { publish: ['*'], subscribe: ['*'], inspect: ['*'] })
const ear = createApiKey('ear', { subscribe: ['news'] })
const stranger = createApiKey('stranger', { admin: ['*'] })
const redis = await startRedis(t)
const config = { API_KEYS: JSON.stringify([all.entry, ear.entry]), HISTORY: '*', RETRY_MS: 50 }
const { app, url } = await build(t, { redisUrl: redis.url, config })
const cut = cutter(app.server)
const browser = await openBrowser(t)

t.test('a key that is typed in opens everything, goes out in headers alone, and is gone with the page', async t => {
  const { page, listen, complaints } = await openConsole(t, browser, '')
  const asked: string[] = []
  page.on('request', request => asked.push(request.url()))
  await page.goto(`${url}/console`)
  await page.getByText('This gateway requires a key.').waitFor()
  await page.getByRole('button', { name: 'Enter a key' }).click()
  await page.getByLabel('Key or token').fill(stranger.key)
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByText('This key does not have the required right.').waitFor()
  await page.getByRole('button', { name: 'Another key' }).click()
  t.equal(await page.getByLabel('Key or token').inputValue(), '', 'what was typed before is gone')
  await page.getByLabel('Key or token').fill(all.key)
  await page.getByLabel('Key or token').press('Enter')
  await page.getByText('Key in use').waitFor()
  await listen('news chat:*')
  t.equal(asked.filter(line => line.endsWith('/tickets')).length, 1)
  await page.getByLabel('Channel', { exact: true }).fill('news')
  await page.getByLabel('Message', { exact: true }).fill('with a key')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.locator('#tail-log li', { hasText: 'with a key' }).waitFor()
  await page.locator('#channels tbody tr', { hasText: 'news' }).waitFor()
  for (const line of ['channels', 'tail', 'publish'])
    t.match(await page.locator(`#${line}-curl code`).textContent(), '-H "Authorization: Bearer $CARILLON_TOKEN"')

  const kept = await page.evaluate(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, document.documentElement.outerHTML])',
  )
  t.notMatch(kept, all.key, 'neither in storage nor in the page')
  t.notOk(asked.some(line => line.includes('carillon_')))
  t.same(complaints, [])
  await page.reload()
  await page.getByText('This gateway requires a key.').waitFor()
})

t.test('on a channel with a history nothing is missing when the stream breaks', async t => {
  const { page, listen, complaints } = await openConsole(t, browser, `${url}`)
  await page.getByRole('button', { name: 'Access', exact: true }).click()
  await page.getByLabel('Key or token').fill(all.key)
  await page.getByLabel('Key or token').press('Enter')
  await listen('orders')
  const publish = (payload: string) =>
    app.inject({ method: 'POST', url: '/channels/orders', payload, headers: { authorization: `Bearer ${all.key}` } })
  // Before the first message, and after it.
  for (const [number, round] of ['one', 'two'].entries()) {
    cut()
    await publish(`while away ${round}`)
    await page.locator('#tail-log li', { hasText: `while away ${round}` }).waitFor()
    await page.locator('#events-list li', { hasText: 'Live again' }).nth(number).waitFor()
  }
  t.equal(await page.locator('#tail-log li').count(), 2)
  t.equal(await page.locator('#tail-log .gap').count(), 0)
  await page.locator('#tail-log li button').first().click()
  t.match(await page.locator('#detail-facts').textContent(), /Id[\w-]{10,16}/)
  t.same(complaints, [])
})

t.test('with a limited key, missing rights are shown, and the rest works', async t => {
  const { page, listen } = await openConsole(t, browser, url)
  await page.getByRole('button', { name: 'Access', exact: true }).click()
  await page.getByLabel('Key or token').fill(ear.key)
  await page.getByLabel('Key or token').press('Enter')
  await listen('news')
  await page.getByLabel('Channel', { exact: true }).fill('news')
  await page.getByLabel('Message', { exact: true }).fill('no')
  await page.getByRole('button', { name: 'Publish', exact: true }).click()
  await page.locator('#publish-result', { hasText: /^403/ }).waitFor()
  await page.getByLabel('Channels and patterns').fill('secret')
  await page.getByRole('button', { name: 'Listen', exact: true }).click()
  await page.locator('#events-list li', { hasText: 'Refused' }).waitFor()
  await listen('news')
  await app.inject({
    method: 'POST',
    url: '/channels/news',
    payload: 'x',
    headers: { authorization: `Bearer ${all.key}` },
  })
  await page.locator('#tail-log li', { hasText: 'x' }).waitFor()
})
