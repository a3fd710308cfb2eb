import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cachedDataVersionTag } from 'node:v8'
import { Script } from 'node:vm'

/*
 * Starts the program that `scripts/build.js` has bundled into one file. V8 keeps its compiled code beside the bundle, and
 * compiles nothing twice. Where that file is missing or V8 rejects it, the start takes longer and writes it again.
 *
 * This is a CommonJS module once it is built: loading an ES module takes Node 5 ms more.
 */

/** A hash of the bundle's content, which the build fills in. V8 itself compares only the length of the source. */
declare const BUNDLE_HASH: string

/** Late enough that the cache has all functions that a start calls. */
const SETTLED_MS = 1500

const file = (name: string): string => join(__dirname, name)
const bundle = file('carillon.cjs')
const ofBundle = `carillon.${BUNDLE_HASH}.`
/** The tag stands for V8's version, its flags and the CPU: V8 takes the code only where all of them are the same. */
const cache = file(`${ofBundle}${cachedDataVersionTag()}.cache`)

// The bundle is ASCII: a string of one byte a character is read without decoding.
const script = new Script(readFileSync(bundle, 'latin1'), {
  filename: bundle,
  cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
})
script.runInThisContext()(require, pathToFileURL(bundle).href)
if (script.cachedDataRejected !== false) setTimeout(keep, SETTLED_MS).unref()

function keep(): void {
  try {
    const part = `${cache}.${process.pid}`
    writeFileSync(part, script.createCachedData())
    renameSync(part, cache)
    for (const name of readdirSync(__dirname))
      if (name.endsWith('.cache') && !name.startsWith(ofBundle)) rmSync(file(name), { force: true })
  } catch {
    // A read-only installation: the next start takes as long as this one.
  }
}
