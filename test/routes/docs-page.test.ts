import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { packageFile } from '../../src/package.js'
import { openBrowser } from '../support/browser.js'
import { build } from '../support/gateway.js'
import { operations } from '../support/openapi.js'
import { until } from '../support/until.js'

const document = parse(await readFile(packageFile('openapi.yaml'), 'utf8'))

t.test('the page shows every operation, needs nothing from elsewhere, and can be used', async t => {
  const { url } = await build(t)
  const browser = await openBrowser(t)
  const page = await browser.newPage()
  const trouble: string[] = []
  page.on('console', message => message.type() !== 'log' && trouble.push(message.text()))
  page.on('pageerror', error => trouble.push(String(error)))
  const asked: string[] = []
  page.on('request', request => asked.push(request.url()))

  const response = await page.goto(`${url}/docs`)
  const policy = response?.headers()['content-security-policy'] ?? ''
  t.match(policy, "default-src 'none'")
  t.match(policy, "script-src 'self';", 'no script but those of the gateway')
  t.notMatch(policy, 'unsafe')
  await page.locator('#reference[aria-busy="false"]').waitFor()
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

  // The style of the page holds in every part of it, and an operation can be tried.
  for (const name of ['publish-publish', 'operation-live'])
    await page.locator(`#operations-${name} .opblock-summary-control`).dispatchEvent('click')
  const liveness = page.locator('#operations-operation-live')
  await liveness.locator('.try-out__btn').dispatchEvent('click')
  await liveness.locator('.execute').dispatchEvent('click')
  const answer = () => liveness.locator('.live-responses-table').textContent()
  await until(async () => (await answer())?.includes('"status": "ok"') ?? false, 'the answer is shown')

  t.same(trouble, [], 'no word in the console, and nothing that the policy had to stop')
  t.same(
    asked.filter(address => !address.startsWith(url) && !address.startsWith('data:')),
    [],
    'nothing is fetched from anywhere else',
  )
})
