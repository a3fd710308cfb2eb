import { readdirSync, rmSync, writeFileSync } from 'node:fs'
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
  await bundleTap()
  return OUTDIR
}

/** In one file instead of some hundred, beside the tests, so that they find it first: each of them loads it. */
async function bundleTap() {
  const folder = join(OUTDIR, 'node_modules', 'tap')
  await build({
    stdin: { contents: "export * from 'tap'\nexport { default } from 'tap'", resolveDir: '.' },
    outfile: join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // Some of it is in CommonJS.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    logLevel: 'warning',
  })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', exports: './index.js' }))
}

/** The paths of a folder's TypeScript files. */
export function sourcesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter(path => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .map(path => join(folder, path))
}
