import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/*
 * What a profile is made of: node bench/profile.js FILE [20]
 *
 * PROFILE=folder npm run bench -- --runs 1 one-1000   leaves one of each gateway and bare Fastify in the folder. Printed are
 * whose code the time went into, and in which functions: shares of the time in which the process was busy. What a function
 * calls is not counted with it.
 */
const [file, most = '20'] = process.argv.slice(2)
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'))
const frameOf = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
const functions = new Map()
const owners = new Map()
let busy = 0
let modules
for (const [i, id] of samples.entries()) {
  const frame = frameOf.get(id)
  if (frame.functionName === '(idle)') continue
  add(owners, ownerOf(frame), timeDeltas[i])
  add(functions, nameOf(frame), timeDeltas[i])
  busy += timeDeltas[i]
}
console.log(`busy for ${(busy / 1e6).toFixed(2)} s`)
print(owners, 12)
print(functions, Number(most))

function add(to, name, time) {
  to.set(name, (to.get(name) ?? 0) + time)
}

function print(times, most) {
  console.log()
  for (const [name, time] of [...times].sort((a, b) => b[1] - a[1]).slice(0, most))
    console.log(`${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`)
}

function nameOf({ functionName, url, lineNumber }) {
  return `${functionName || '(anonymous)'} ${url.split('/').at(-1)}${lineNumber > 0 ? `:${lineNumber + 1}` : ''}`
}

/** A package, `carillon`, or what V8 and Node are themselves. */
function ownerOf({ functionName, url, lineNumber }) {
  if (functionName.startsWith('(garbage')) return 'V8: garbage collection'
  if (functionName.startsWith('(')) return 'V8 and Node: native, among them system calls'
  if (url === '') return `Node: native ${functionName}`
  if (url.startsWith('node:')) return `Node: ${/^node:(?:internal\/)?(_?[a-z0-9]+)/.exec(url)[1].replace(/^_/, '')}`
  const path = fileURLToPath(url)
  return packageOf(path.endsWith('carillon.cjs') ? moduleOf(path, lineNumber) : path)
}

function packageOf(path) {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'carillon'
}

/** The bundler leaves a line before each module that says where it is from. */
function moduleOf(bundle, line) {
  modules ??= readFileSync(bundle, 'latin1')
    .split('\n')
    .flatMap((text, at) => {
      const path = /^ *\/\/ ((?:node_modules|src|plugins|routes)\/\S+|package\.json)$/.exec(text)?.[1]
      return path ? [{ at, path }] : []
    })
  return modules.findLast(({ at }) => at <= line)?.path ?? ''
}
