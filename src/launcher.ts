#!/usr/bin/env node
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { keepHeapSmall } from './heap.js'

/*
 * Starts the program that `scripts/build.js` has bundled into one file; it stands in the place of
 * `cli.js` there. V8 compiles nothing that it has compiled before: its code is kept beside the
 * bundle, for each version of Node apart. Where it is missing, or V8 does not want it, the start
 * takes longer and the code is kept for the next one.
 */
/** Late enough to know what a start calls, so that this is what is kept. */
const SETTLED_MS = 1500

keepHeapSmall() // before anything has grown

const file = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))
const bundle = file('carillon.cjs')
const cache = file(`carillon.${process.version}-${process.arch}.cache`)

// The bundle is ASCII: a string of one byte a character is read without decoding.
const script = new Script(readFileSync(bundle, 'latin1'), {
  filename: bundle,
  cachedData: existsSync(cache) ? readFileSync(cache) : undefined,
})
script.runInThisContext()(createRequire(import.meta.url), import.meta.url)
if (script.cachedDataRejected !== false) setTimeout(keep, SETTLED_MS).unref()

function keep(): void {
  try {
    const part = `${cache}.${process.pid}`
    writeFileSync(part, script.createCachedData())
    renameSync(part, cache)
  } catch {
    // A read-only installation: the next start takes as long as this one.
  }
}
