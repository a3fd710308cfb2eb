import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { buildForBrowsers } from './build-for-browsers.js'

/*
 * dist/src/app.js and the rest: the package, as modules with types, for who embeds the gateway
 * dist/carillon.cjs: the program in one file
 * dist/carillon.*.cache: its code as V8 has compiled it
 * dist/cli.cjs: what starts it, src/process/launcher.ts
 * dist/reference: Swagger UI for /docs, compressed, with its licence
 * dist/client.js: the module for browsers, with its types in dist/client
 * dist/console: the files of the console
 */
rmSync('dist', { recursive: true, force: true })
for (const project of ['tsconfig.build.json', 'client']) execFileSync('tsc', ['-p', project], { stdio: 'inherit' })
for (const name of ['cli/main', 'process/launcher'])
  for (const kind of ['js', 'd.ts']) rmSync(`dist/src/${name}.${kind}`)

await build({
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/carillon.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  charset: 'ascii',
  // A function that the launcher calls. A CommonJS module has no `import.meta`.
  banner: { js: '(function (require, importMetaUrl) { const module = { exports: {} }, { exports } = module;' },
  footer: { js: '})' },
  // What libraries import late from Node: the function that the launcher calls knows no `import()`.
  supported: { 'dynamic-import': false },
  define: {
    'import.meta.url': 'importMetaUrl',
    // Optional accelerators of ws, which are not installed.
    'process.env.WS_NO_BUFFER_UTIL': '"1"',
    'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
  },
  // The package's own code is ES modules, whose dependencies are wanted as CommonJS where both exist.
  mainFields: ['main', 'module'],
  // Its CommonJS is UMD, which finds its own files at run time.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  logLevel: 'warning',
})

await build({
  entryPoints: ['src/process/launcher.ts'],
  outfile: 'dist/cli.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  define: { BUNDLE_HASH: JSON.stringify(hashOf('dist/carillon.cjs')) },
  logLevel: 'warning',
})
chmodSync('dist/cli.cjs', 0o755)

mkdirSync('dist/reference')
for (const name of ['LICENSE', 'NOTICE']) copyFileSync(`node_modules/swagger-ui-dist/${name}`, `dist/reference/${name}`)
for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css'])
  writeFileSync(
    `dist/reference/${name}.gz`,
    gzipSync(readFileSync(`node_modules/swagger-ui-dist/${name}`), { level: 9 }),
  )

await buildForBrowsers()
await warmUp()

function hashOf(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
}

/** Starts the program once, so that V8's code is there for the first start after an installation. */
async function warmUp() {
  const environment = { ...process.env, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'silent', WORKERS: '' }
  // Nothing listens there, but what speaks to a Redis is loaded.
  const program = spawn(process.execPath, ['dist/cli.cjs'], {
    env: { ...environment, REDIS_URL: 'redis://127.0.0.1:1' },
    stdio: 'inherit',
  })
  const isKept = () => readdirSync('dist').some(name => name.endsWith('.cache'))
  for (let waited = 0; waited < 20_000 && !isKept() && program.exitCode === null; waited += 50) await setTimeout(50)
  program.kill('SIGKILL')
  if (!isKept()) throw new Error('the program that was built does not start')
}
