import { spread } from './publishes.js'
import { ROWS } from './rows.js'

const FAULTS = ['lost', 'doubled', 'reordered', 'closed']

/** Markdown: what is wanted and what came of it. */
export function ratioTable(results) {
  const lines = [
    '| row | workload | against | wanted | measured | lost, doubled, reordered, closed |',
    '|---|---|---|---|---|---|',
  ]
  for (const [name, found] of results) {
    const { what, wanted, of, own = {}, ratios = {} } = ROWS[name]
    const [mine, ...others] = of
    const line = (against, cells) =>
      lines.push(`| ${name} | ${what} | ${against} | ${wanted} | ${cells.join('; ')} | ${faults(found)} |`)
    const ownCells = Object.entries(own).map(([unit, value]) => cell(unit, found[mine].filter(Boolean).map(value)))
    if (ownCells.length > 0) line(others.length > 0 ? 'itself' : of[0], ownCells)
    for (const other of others) {
      const runs = found[mine].map((figures, run) => [figures, found[other][run]]).filter(pair => pair.every(Boolean))
      if (runs.length === 0) line(other, ['not measured'])
      else
        line(
          other,
          Object.entries(ratios).map(([unit, value]) =>
            cell(
              unit,
              runs.map(pair => value(...pair)),
            ),
          ),
        )
    }
  }
  return `${lines.join('\n')}\n`
}

/** The figures behind it, of this machine at this time. */
export function absoluteTable(results) {
  const lines = ['| row | system | figures |', '|---|---|---|']
  for (const [name, found] of results)
    for (const [system, figures] of Object.entries(found)) {
      const runs = figures.filter(Boolean)
      if (runs.length === 0) continue
      const units = Object.keys(runs[0]).filter(unit => !FAULTS.includes(unit))
      const cells = units.map(unit =>
        cell(
          unit,
          runs.map(run => run[unit]),
        ),
      )
      lines.push(`| ${name} | ${system} | ${cells.join('; ')} |`)
    }
  return `${lines.join('\n')}\n`
}

const cell = (unit, values) => `${unit} ${values.length > 0 ? spread(values) : 'not measured'}`

/** Of all systems and runs, each system that had any by its name. */
function faults(found) {
  const told = Object.entries(found).map(([system, figures]) => {
    const sums = FAULTS.map(fault => figures.filter(Boolean).reduce((sum, run) => sum + (run[fault] ?? 0), 0))
    return sums.some(Boolean) ? `${system} ${sums.join(', ')}` : undefined
  })
  return told.filter(Boolean).join('; ') || '0'
}
