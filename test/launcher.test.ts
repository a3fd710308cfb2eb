import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { packageFile } from '../src/package.js'

/** Runs until the launcher has done what it does once a program has settled; its garbage makes the heap grow. */
const PROGRAM = `(function (require, url) {
  const kept = []
  const timer = setInterval(() => kept.push(Array.from({ length: 20000 }, () => ({ url }))), 20)
  setTimeout(() => clearInterval(timer), 1500)
})`

t.test('V8 takes the code that it wrote at an earlier start', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-launcher-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await copyFile(packageFile('dist/cli.cjs'), join(folder, 'cli.cjs'))
  await writeFile(join(folder, 'carillon.cjs'), PROGRAM)

  const start = async () => {
    await promisify(execFile)(process.execPath, [join(folder, 'cli.cjs')])
    const [name = 'no code was kept'] = (await readdir(folder)).filter(name => name.endsWith('.cache'))
    return (await stat(join(folder, name))).ino
  }
  const written = await start()
  t.equal(await start(), written, 'nothing was compiled anew, and kept')

  await writeFile(join(folder, 'carillon.cjs'), PROGRAM.replace('kept', 'held').replace('kept', 'held '))
  t.not(await start(), written, 'of another program it is')
})
