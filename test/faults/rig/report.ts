import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Length, Outcome, Scenario } from './scenario.js'
import type { Violation } from './verdict.js'

/** One line for each kind of violation, with an example, and how to run it again. */
export function describeViolations({ scenario, seed, violations }: Outcome): string[] {
  if (violations.length === 0) return []
  const byKind = new Map<string, Violation[]>()
  for (const violation of violations) {
    const key = violation.kind === 'scenario' ? violation.detail.replace(/\d+/g, 'N') : violation.kind
    byKind.set(key, [...(byKind.get(key) ?? []), violation])
  }
  const lines = [...byKind.values()].map(
    ([first, ...others]) => `    ${1 + others.length} × ${first?.kind}, the first: ${first?.detail}`,
  )
  return [`✗ ${scenario} with seed ${seed} (SCENARIO=${scenario} SEED=${seed} SEEDS=1 npm run test:faults)`, ...lines]
}

const HEAD = [
  'fault',
  'seeds (on a starved machine)',
  'publishes',
  'noticed after, ms (median / worst)',
  'back after, ms (median / worst)',
  'gaps told',
  'lost in gaps',
  'lost at the end of a stream',
  'lost on the bus',
  'lost outside gaps',
  'duplicates',
  'answer to a publish, ms (p99 / worst)',
  'violations',
] as const

/** The figures of one scenario over all its seeds. */
function row({ name, fault }: Scenario, all: readonly Outcome[]): string[] {
  const outcomes = all.filter(({ scenario }) => scenario === name)
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const max = (of: (outcome: Outcome) => number) => outcomes.reduce((worst, outcome) => Math.max(worst, of(outcome)), 0)
  const faults = outcomes.flatMap(outcome => outcome.faults)
  return [
    fault,
    `${outcomes.length} (${outcomes.filter(({ starved }) => starved).length})`,
    `${sum(({ figures }) => figures.publishes)}`,
    spread(faults.flatMap(({ noticeMs }) => noticeMs ?? [])),
    spread(faults.flatMap(({ backMs }) => backMs ?? [])),
    `${sum(({ figures }) => figures.gaps)}`,
    `${sum(({ figures }) => figures.lostInGaps)}`,
    `${sum(({ figures }) => figures.lostAtEnd)}`,
    `${sum(({ figures }) => figures.lostOnBus)}`,
    `${sum(({ figures }) => figures.lostOutsideGaps)}`,
    `${sum(({ figures }) => figures.duplicates)}`,
    `${max(({ figures }) => figures.p99AnswerMs)} / ${max(({ figures }) => figures.maxAnswerMs)}`,
    `${sum(({ violations }) => violations.length)}`,
  ]
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length === 0 ? '–' : `${sorted[Math.floor(sorted.length / 2)]} / ${sorted.at(-1)}`
}

export function printRow(scenario: Scenario, outcomes: readonly Outcome[]): void {
  const cells = row(scenario, outcomes)
  console.log(
    `${scenario.name}: ${HEAD.slice(1)
      .map((name, i) => `${name} ${cells[i + 1]}`)
      .join(' · ')}`,
  )
  for (const { scenario: name, seed, notes } of outcomes)
    if (name === scenario.name) for (const note of notes) console.log(`    seed ${seed}: ${note}`)
}

/** `path.json` with every run, `path.md` with the table; runs of the same length that are there already stay. */
export function writeReport(
  path: string,
  scenarios: readonly Scenario[],
  outcomes: readonly Outcome[],
  length: Length,
): void {
  const runs = [...earlierRuns(path, outcomes, length), ...outcomes]
  const lines = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const ran = scenarios.filter(({ name }) => runs.some(({ scenario }) => scenario === name))
  const table = [lines(HEAD), lines(HEAD.map(() => '---')), ...ran.map(scenario => lines(row(scenario, runs)))]
  writeFileSync(`${path}.md`, `${table.join('\n')}\n`)
  writeFileSync(`${path}.json`, `${JSON.stringify({ length, runs }, null, 1)}\n`)
}

function earlierRuns(path: string, outcomes: readonly Outcome[], length: Length): Outcome[] {
  if (!existsSync(`${path}.json`)) return []
  const earlier = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as { length: Length; runs: Outcome[] } // our own file
  if (earlier.length !== length) throw new Error(`${path}.json has runs of another length: ${earlier.length}`)
  const isNew = ({ scenario, seed }: Outcome) => !outcomes.some(now => now.scenario === scenario && now.seed === seed)
  return earlier.runs.filter(isNew)
}
