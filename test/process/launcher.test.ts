import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { packageFile } from '../../src/support/package.js'

/** Each start waits until its code has been kept. */
t.jobs = 3

/** A program that runs until its code has been kept, and prints one digit. */
const program = (digit: number) => `(function (require, url) {
  const answer = () => console.log(${digit})
  setTimeout(answer, 2000)
})`

const hashOf = (text: string | Buffer) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** A folder with a launcher, and a bundle that it starts. */
async function setUp(t: Test) {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-launcher-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const launcher = await readFile(packageFile('dist/cli.cjs'), 'utf8')
  const built = hashOf(await readFile(packageFile('dist/carillon.cjs')))
  t.match(launcher, built, 'the build has put the hash of the bundle into the launcher')
  return {
    async install(text: string) {
      await writeFile(join(folder, 'cli.cjs'), launcher.replaceAll(built, hashOf(text)))
      await writeFile(join(folder, 'carillon.cjs'), text)
    },
    async start(...flags: string[]) {
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, join(folder, 'cli.cjs')])
      return stdout.trim()
    },
    async caches() {
      const names = (await readdir(folder)).filter(name => name.endsWith('.cache'))
      return Promise.all(names.map(async name => `${name} ${(await stat(join(folder, name))).ino}`))
    },
  }
}

t.test('V8 takes the code that it wrote at an earlier start', async t => {
  const { install, start, caches } = await setUp(t)
  await install(program(1))
  await start()
  const written = await caches()
  t.equal(written.length, 1)
  await start()
  t.same(await caches(), written, 'nothing was compiled and written again')
})

t.test('a bundle that was replaced by one of the same length runs, and the code of the old one is removed', async t => {
  const { install, start, caches } = await setUp(t)
  await install(program(1))
  t.equal(await start(), '1')
  const written = await caches()
  await install(program(2))
  t.equal(await start(), '2')
  const replaced = await caches()
  t.equal(replaced.length, 1)
  t.notSame(replaced, written)
})

t.test('starts with different flags of V8 do not write over the code of each other', async t => {
  const { install, start, caches } = await setUp(t)
  await install(program(1))
  await start()
  await start('--max-semi-space-size=8')
  const written = await caches() // one where V8 takes the code with either, as in Node 26
  await start()
  await start('--max-semi-space-size=8')
  t.same(await caches(), written)
})
