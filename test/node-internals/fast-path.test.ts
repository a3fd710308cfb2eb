import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { everyFastPath } from '../../src/node-internals/every-fast-path.js'
import { FastPath } from '../../src/node-internals/fast-path.js'
import { packageFile } from '../../src/support/package.js'

const FOLDER = 'src/node-internals'

t.test('every fast path is in use on this Node, and has a test and a row in the docs', async t => {
  const paths = await everyFastPath()
  const files = readdirSync(packageFile(FOLDER)).map(name => name.replace('.ts', ''))
  t.same(
    paths.map(({ name }) => name).sort(),
    files.filter(name => !name.endsWith('fast-path')).sort(),
    'one for each file',
  )
  const docs = readFileSync(packageFile('docs/operate.md'), 'utf8')
  for (const { name, isInUse } of paths) {
    t.ok(isInUse, `${name} is lost on Node ${process.version}`)
    t.ok(existsSync(packageFile(`test/node-internals/${name}.test.ts`)), `test/node-internals/${name}.test.ts`)
    t.match(docs, `| \`${name}\` |`, `docs/operate.md: ${name}`)
    const head = readFileSync(packageFile(`${FOLDER}/${name}.ts`), 'utf8')
    for (const part of ['Touches:', 'Why:', 'Breaks otherwise:', 'Gains:']) t.match(head, part, `${name}: ${part}`)
  }
})

t.test('is looked for once, and an error means that it is missing', async t => {
  let looks = 0
  const path = new FastPath('a test', () => {
    looks++
    throw new TypeError('it is gone')
  })
  t.notOk(path.isInUse)
  t.notOk(path.isInUse)
  t.equal(looks, 1)
})

t.test('can be left, and taken again', async t => {
  const path = new FastPath('another test', () => true)
  t.ok(path.isInUse)
  const lookAgain = path.leave()
  t.notOk(path.isInUse)
  lookAgain()
  t.ok(path.isInUse)
})
