import { readFile } from 'node:fs/promises'
import t from 'tap'
import { pages } from '../scripts/docs-pages.js'
import { configSchema } from '../src/config/config.js'
import { CLOSE_REASONS } from '../src/protocol/close-reasons.js'
import { PROBLEMS } from '../src/protocol/problem-types.js'
import { packageFile } from '../src/support/package.js'

const read = (path: string) => readFile(packageFile(path), 'utf8')

for (const [path, text] of Object.entries(pages())) {
  t.test(`${path} is what the code says`, async t => {
    t.equal(await read(path), text, `run: npm run docs, and commit ${path}`)
  })
}

/** The lines of a table whose first cell is the name. */
const rows = (page: string, name: string) => page.split('\n').filter(line => line.startsWith(`| \`${name}\` |`))

t.test('every problem and every close reason has one line in docs/errors.md', async t => {
  const page = await read('docs/errors.md')
  for (const [name, [status, title]] of Object.entries(PROBLEMS)) {
    const [row, ...others] = rows(page, `urn:carillon:problem:${name}`)
    t.match(row, `| ${status} | ${title} |`, name)
    t.same(others, [], `${name} stands once`)
  }
  for (const [name, { code }] of Object.entries(CLOSE_REASONS)) {
    const [row, ...others] = rows(page, name)
    t.match(row, `| ${code} |`, name)
    t.same(others, [], `${name} stands once`)
  }
})

t.test('every setting has one line in docs/settings.md, with its default', async t => {
  const page = await read('docs/settings.md')
  for (const [name, schema] of Object.entries(configSchema.properties)) {
    const [row, ...others] = rows(page, name)
    t.match(row, schema.default === undefined ? '|  |' : `| \`${schema.default}\` |`, name)
    t.same(others, [], `${name} stands once`)
  }
})

t.test('no cell of a table is empty where there is something to say', async t => {
  for (const [name, [, , meaning, remedy]] of Object.entries(PROBLEMS)) {
    t.match(meaning, /\.$/, `${name} has a meaning`)
    t.match(remedy, /\.$/, `${name} says what to do`)
  }
  for (const [name, { description }] of Object.entries(configSchema.properties)) t.match(description, /\.$/, name)
})
