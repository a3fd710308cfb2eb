import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const OUTDIR = '.cache/tests'
const FOLDERS = ['src', 'routes', 'plugins', 'client', 'console', 'test', 'scripts']

/**
 * Puts the tests, and the sources that they test, as JavaScript into a folder. A loader that
 * compiles while a test file starts takes several times as long as most of them run.
 * Resolves with the folder.
 */
export async function compileTests() {
  rmSync(OUTDIR, { recursive: true, force: true })
  await build({
    entryPoints: FOLDERS.flatMap(sourcesIn),
    outdir: OUTDIR,
    outbase: '.',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    logLevel: 'warning',
  })
  return OUTDIR
}

/** The paths of a folder's TypeScript files. */
export function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter(path => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map(path => join(folder, path))
}
