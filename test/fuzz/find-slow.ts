import fc from 'fast-check'
import { type Finding, pumps, superLinear } from './slow.js'
import { slowTargets } from './slow-targets.js'

export interface SlowOptions {
  inputs: number
  seed: number
  teardown: (end: () => unknown) => void
  print: (line: string) => void
}

/** Less than this is no attack, and too little to be measured. */
const FLOOR_MS = 1

/** Tries repeated pieces of text on everything that reads input; prints the slowest of each, and returns how many there were. */
export async function findSlow({ inputs, seed, teardown, print }: SlowOptions): Promise<number> {
  const targets = Object.entries(await slowTargets(teardown))
  const numRuns = Math.ceil(inputs / targets.length)
  let found = 0
  for (const [name, target] of targets) {
    const findings: Finding[] = []
    for (const pump of fc.sample(pumps(target.fragments), { numRuns, seed })) {
      const finding = await superLinear(target, pump, { floor: FLOOR_MS })
      if (finding) findings.push(finding)
    }
    const [worst] = findings.sort((a, b) => b.cost - a.cost)
    if (!worst) continue
    found++
    print(
      `SLOW ${name}: ${findings.length} of ${numRuns}; ${worst.cost.toFixed(1)} ms for ${target.length} characters, each ${worst.factor.toFixed(1)} times as dear as those of a quarter: ${JSON.stringify(worst.pump)}`,
    )
  }
  return found
}
