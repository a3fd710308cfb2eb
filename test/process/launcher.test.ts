import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { packageFile } from '../../src/support/package.js'

/** Has changed V8's flags before its code is kept, as the gateway does, and runs until that is over. */
const PROGRAM = `(function (require, url) {
  const { setFlagsFromString } = require('node:v8')
  for (const flag of ['--heap-growing-percent=40', '--semi-space-growth-factor=1']) setFlagsFromString(flag)
  setTimeout(() => url, 2000)
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

  await writeFile(join(folder, 'carillon.cjs'), PROGRAM.replace('=> url', '=> url.at(0)'))
  t.not(await start(), written, 'of another program it is')
})
