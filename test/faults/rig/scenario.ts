import { judge } from './oracle.js'
import type { Fault, Rig } from './rig.js'
import type { RigOptions } from './rig-options.js'
import type { Scope } from './scope.js'
import { settle } from './settle.js'
import { startRig } from './start-rig.js'
import { defaultRules, type Rules, type Verdict } from './verdict.js'

/** How long faults last: as short as makes sense, for CI; short, for many seeds; as the table of faults has them. */
export type Length = 'quick' | 'short' | 'full'

export interface Scenario {
  readonly name: string
  /** What happens, in the words of the table. */
  readonly fault: string
  /** It is part of the short form that runs with the other tests. */
  readonly quick?: boolean
  readonly options?: Partial<RigOptions>
  readonly rules?: Partial<Rules>
  /** What is different where channels have a history. */
  readonly withHistory?: Partial<RigOptions>
  run(rig: Rig, length: Length): Promise<void>
}

export interface Outcome extends Verdict {
  readonly scenario: string
  readonly seed: number
  readonly faults: readonly Fault[]
  readonly notes: readonly string[]
  /** The machine had too much else to do for the times to mean anything. */
  readonly starved: boolean
  readonly seconds: number
}

/** One run of a scenario: the rig starts, the fault comes and goes, the oracle speaks. */
export async function runScenario(
  scope: Scope,
  scenario: Scenario,
  seed: number,
  length: Length,
  { history = false } = {},
): Promise<Outcome> {
  const started = Date.now()
  const rig = await startRig(scope, {
    ...scenario.options,
    ...(history && { history, ...scenario.withHistory }),
    seed,
  })
  await scenario.run(rig, length)
  await settle(rig)
  const { slackMs } = rig.lateness
  const rules = {
    answerWithinMs: defaultRules.answerWithinMs + slackMs,
    endToleranceMs: defaultRules.endToleranceMs + slackMs,
    isKept: rig.options.keeps,
    ...scenario.rules,
  }
  const verdict = judge(rig.history(), rules)
  if (rig.lateness.starved)
    rig.note(
      `the machine was starved: a timer was ${rig.lateness.worstTimerMs} ms late, a gateway waited ${rig.lateness.worstWait(1000)} ms for a processor within about a second`,
    )
  return {
    ...verdict,
    violations: [...rig.violations, ...verdict.violations],
    scenario: scenario.name,
    seed,
    faults: rig.faults,
    notes: rig.notes,
    starved: rig.lateness.starved,
    seconds: (Date.now() - started) / 1000,
  }
}

/** A run that ended early: something of the rig itself failed, which must not pass for a fault survived. */
export function brokenRun({ name }: Scenario, seed: number, { stack }: Error): Outcome {
  const figures = {
    publishes: 0,
    executed: 0,
    outcomes: {},
    deliveries: 0,
    gaps: 0,
    lostInGaps: 0,
    lostAtEnd: 0,
    lostOnBus: 0,
    lostOutsideGaps: 0,
    duplicates: 0,
    maxAnswerMs: 0,
    p99AnswerMs: 0,
  }
  const violations = [{ kind: 'scenario' as const, detail: `the run broke off: ${stack}` }]
  return { scenario: name, seed, figures, violations, faults: [], notes: [], starved: false, seconds: 0 }
}
