import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { underFlagsOfStart } from './heap.js'
import { lateRequire } from './late-modules.js'

/*
 * Starts the program that `scripts/build.js` has bundled into one file. V8 compiles nothing that it has compiled before:
 * its code is kept beside the bundle, for each version of Node apart. Where it is missing, or V8 does not want it, the
 * start takes longer and the code is kept for the next one.
 *
 * This is a CommonJS module once it is built: to load an ES module took Node 5 ms more.
 */
/** Late enough to know what a start calls, so that this is what is kept. */
const SETTLED_MS = 1500

const file = (name: string): string => join(__dirname, name)
const bundle = file('carillon.cjs')
const cache = file(`carillon.${process.version}-${process.arch}.cache`)

// The bundle is ASCII: a string of one byte a character is read without decoding.
const script = new Script(readFileSync(bundle, 'latin1'), {
  filename: bundle,
  cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
})
script.runInThisContext()(lateRequire(require), pathToFileURL(bundle).href)
if (script.cachedDataRejected !== false) setTimeout(keep, SETTLED_MS).unref()

function keep(): void {
  try {
    const part = `${cache}.${process.pid}`
    writeFileSync(
      part,
      underFlagsOfStart(() => script.createCachedData()),
    )
    renameSync(part, cache)
  } catch {
    // A read-only installation: the next start takes as long as this one.
  }
}
