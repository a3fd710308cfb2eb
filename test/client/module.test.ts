import { existsSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { packageFile } from '../../src/support/package.js'
import { openBrowser } from '../support/browser.js'
import { openContext } from '../support/client-page.js'
import { build } from '../support/gateway.js'

const read = (path: string): string => readFileSync(packageFile(path), 'utf8')

t.test('docs/client.md says how small it is', async t => {
  const script = readFileSync(packageFile('dist/client.js'))
  const [, plain, zipped] = /(\d+\.\d) kB, (\d+\.\d) kB compressed/.exec(read('docs/client.md')) ?? []
  const kilobytes = (bytes: number) => bytes / 1000
  t.ok(Math.abs(Number(plain) - kilobytes(script.length)) <= 0.1, `${plain} kB is ${script.length} bytes`)
  const { length } = gzipSync(script, { level: 9 })
  t.ok(Math.abs(Number(zipped) - kilobytes(length)) <= 0.1, `${zipped} kB is ${length} bytes`)
})

t.test('the package exports it with its types', async t => {
  const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, Record<string, string>> }
  const { types = '', default: script = '' } = exports['./client'] ?? {}
  t.ok(existsSync(packageFile(script)) && existsSync(packageFile(types)))
  for (const name of ['Carillon', 'CarillonOptions', 'CarillonProblem', 'Gap', 'Message', 'Subscription'])
    t.match(read(types), new RegExp(`\\b${name}\\b`), name)
})

t.test('the recipes of the docs run unchanged', async t => {
  const { url } = await build(t)
  const context = await openContext(t, await openBrowser(t))
  const recipes = [...read('docs/client.md').matchAll(/^```js\n(.*?)\n```$/gms)].map(([, code = '']) => code)
  t.ok(recipes.length >= 5)
  for (const recipe of recipes) {
    const page = await context.newPage()
    const errors: string[] = []
    page.on('pageerror', error => errors.push(String(error)))
    await page.goto(`${url}/page`)
    // A module that awaits at its top is through when what follows it is.
    await page.addScriptTag({ type: 'module', content: `${recipe}\nwindow.through = carillon` })
    await page.waitForFunction('window.through').catch(() => errors.push('not through'))
    t.same(errors, [], recipe)
    await page.close()
  }
})
