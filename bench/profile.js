import { readFileSync } from 'node:fs'

/*
 * What a profile is made of: node bench/profile.js FILE [20]
 *
 * PROFILE=folder npm run bench -- --runs 1 one-1000   leaves one of each gateway in the folder. Printed are the functions in
 * which the time went, as shares of the time in which the process was busy; those within them are not counted with them.
 */
const [file, most = '20'] = process.argv.slice(2)
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'))
const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
const spent = new Map()
let busy = 0
for (const [i, id] of samples.entries()) {
  const { functionName, url, lineNumber } = nameOf.get(id)
  if (functionName === '(idle)') continue
  const name = `${functionName || '(anonymous)'} ${url.split('/').at(-1)}${lineNumber > 0 ? `:${lineNumber + 1}` : ''}`
  spent.set(name, (spent.get(name) ?? 0) + timeDeltas[i])
  busy += timeDeltas[i]
}
console.log(`busy for ${(busy / 1e6).toFixed(1)} s`)
for (const [name, time] of [...spent].sort((a, b) => b[1] - a[1]).slice(0, Number(most)))
  console.log(`${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`)
