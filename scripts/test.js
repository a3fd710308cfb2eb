import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Parser } from 'tap-parser'
import { compileTests, sourcesIn } from './compile-tests.js'

/*
 * node scripts/test.js [--without test/folder,test/some.test.ts] [test/some.test.ts …]
 *
 * Runs the test files, or those that are named, each in a process of its own. They are written
 * with tap, and are run without its runner, whose loaders cost a file seconds before it begins.
 * The last line counts assertions as the runner does. JOBS=3 files at once: they wait as much as they work.
 */
const { JOBS = '3' } = process.env
const TIMEOUT_SECONDS = 300
/** They wait more than they work, and should not be the last ones that run. */
const SLOW = /^test\/(faults|e2e|proxies|examples|brokers\/redis)\//

const { values, positionals: named } = parseArgs({ options: { without: { type: 'string' } }, allowPositionals: true })
const without = values.without?.split(',') ?? []
const all = (named.length > 0 ? named : sourcesIn('test')).filter(path => path.endsWith('.test.ts')).sort()
const isIn = (path, place) => path === place || path.startsWith(`${place}/`)
// A name that has gone stale would leave out nothing, or something else some day.
const unknown = without.filter(place => !all.some(path => isIn(path, place)))
if (unknown.length > 0) throw new Error(`there is no such test to leave out: ${unknown.join()}`)
const files = all.filter(path => !without.some(place => isIn(path, place)))
const queue = [...files.filter(path => SLOW.test(path)), ...files.filter(path => !SLOW.test(path))]
const counts = { total: 0, pass: 0, fail: 0, skip: 0, todo: 0 }
const failed = []
const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    for (const child of running) end(child)
    process.exit(1)
  })
const folder = await compileTests()
const started = performance.now()
await Promise.all(Array.from({ length: Number(JOBS) }, work))

if (failed.length > 0) console.log(`\nFailed:\n${failed.map(line => `  ${line}`).join('\n')}`)
console.log(
  `\n# { ${Object.entries(counts)
    .flatMap(([name, count]) => (count > 0 ? `${name}: ${count}` : []))
    .join(', ')} }`,
)
console.log(`# time=${seconds(started)}`)
if (without.length > 0)
  console.log(`# left out, as it was told: ${all.length - files.length} files in ${without.join()}`)
process.exit(failed.length === 0 && counts.pass > 0 ? 0 : 1)

async function work() {
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) await run(path)
}

async function run(path) {
  const began = performance.now()
  const child = spawn(process.execPath, ['--enable-source-maps', join(folder, path.replace(/ts$/, 'js'))], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TAP_TIMEOUT: `${TIMEOUT_SECONDS}` },
    detached: true, // a group of its own, with whatever it starts
  })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += chunk))
  const failures = []
  const parser = new Parser()
  count(parser, failures)
  child.stdout.pipe(parser)
  // tap ends a file in time by itself; this is for one that does not get so far.
  const timer = setTimeout(() => end(child), (TIMEOUT_SECONDS + 10) * 1000)
  const complete = once(parser, 'complete')
  const [code, signal] = await once(child, 'exit')
  clearTimeout(timer)
  running.delete(child)
  end(child) // or what it left behind would keep its output open
  await complete
  const ok = code === 0 && parser.ok
  console.log(`${ok ? 'ok' : 'not ok'} ${path} # time=${seconds(began)}`)
  if (ok) return
  if (failures.length === 0) {
    failures.push(signal ? `ended by ${signal}` : `ended with ${code}`)
    counts.total++
    counts.fail++
  }
  failed.push(...failures.map(name => `${path}: ${name}`))
  console.log(output.replace(/^/gm, '    '))
}

/** Counts assertions, and not the lines that close a test of several. */
function count(parser, failures) {
  parser.on('child', child => count(child, failures))
  parser.on('assert', ({ ok, skip, todo, closingTestPoint, fullname }) => {
    if (closingTestPoint) return
    counts.total++
    if (skip) counts.skip++
    else if (todo) counts.todo++
    else if (ok) counts.pass++
    else {
      counts.fail++
      failures.push(fullname)
    }
  })
}

/** What a test file leaves behind must not go on. */
function end({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing was left.
  }
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)}s`
}
