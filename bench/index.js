import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { ROWS } from './rows.js'
import { node, startRedis, systems } from './servers.js'
import { absoluteTable, ratioTable } from './tables.js'

/*
 * npm run build && npm run bench [-- --runs 3] [ROW …]
 *
 * The table of docs/performance.md. Each system is started afresh for each measurement, and they take turns; another one
 * begins each time. gcc is needed, and wrk: a client that is slower than the server, or takes its cores, would measure itself.
 * nchan is measured where nginx with the module is installed. BENCH_NODE=/path/to/node measures another Node. What counts are
 * the ratios within a run.
 */
const { values, positionals } = parseArgs({
  options: { runs: { type: 'string', default: '3' } },
  allowPositionals: true,
})
const unknown = positionals.filter(name => !Object.hasOwn(ROWS, name))
if (unknown.length > 0 || !(Number(values.runs) > 0)) {
  console.error(`npm run bench -- [--runs 3] [ROW …], where a ROW is one of: ${Object.keys(ROWS).join(', ')}`)
  process.exit(2)
}
const names = positionals.length > 0 ? positionals : Object.keys(ROWS)
const redis = await startRedis()
if (!redis) console.log('redis-server is not installed: the gateway is measured with its embedded broker')

const results = new Map()
try {
  for (const name of names) results.set(name, await turns(ROWS[name], Number(values.runs)))
} finally {
  await redis?.stop()
}
const load = loadavg().map(one => one.toFixed(1))
console.log(`\n${cpus().length} cores, load average ${load.join(' ')}, Node of the gateway: ${node}`)
console.log(`Medians (range) of ${values.runs} runs\n`)
console.log(ratioTable(results))
console.log(absoluteTable(results))

async function turns(row, runs) {
  const found = Object.fromEntries(row.of.map(system => [system, []]))
  for (let run = 0; run < runs; run++) {
    for (let turn = 0; turn < row.of.length; turn++) {
      const system = row.of[(run + turn) % row.of.length]
      const figures = await measure(row, system).catch(error => {
        console.error(`${row.what}, ${system}: ${error.message}`)
        process.exitCode = 1
      })
      found[system][run] = figures
      if (figures) console.error(`${row.what}, ${system}: ${told(figures)}`)
    }
  }
  return found
}

/** Undefined where the system is not installed. */
async function measure(row, system) {
  if (system === 'empty node') return row.measure(undefined, redis, system)
  const start = systems[system.replace(/,.*/, '')]
  const server = await start(redis?.port)
  if (!server) return undefined
  try {
    return await row.measure(server, redis, system)
  } finally {
    await server.stop()
  }
}

function told(figures) {
  const told = Object.entries(figures).filter(([, value]) => value !== 0)
  return told.map(([unit, value]) => `${value.toFixed(2)} ${unit}`).join(', ')
}
