import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/*
 * Writes the tests, and the sources that they test, to a folder as JavaScript. A loader that compiles while a test file
 * starts takes several times as long as most of them run.
 */
const OUTDIR = '.cache/tests'
const FOLDERS = ['src', 'routes', 'plugins', 'client', 'console', 'test', 'scripts']

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

/** The paths of a folder's TypeScript files. */
function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter(path => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map(path => join(folder, path))
}
