import { processorWaitOf } from './proc.js'
import type { Scope } from './scope.js'

/** Who is watched: `pid` is undefined while it does not run. */
interface Watched {
  readonly runningPid: number | undefined
}

interface Sample {
  readonly at: number
  readonly waitedMs: number
}

/**
 * Whether the machine let everybody work: how late it lets a timer of this process be, and how
 * long the kernel made a gateway wait for a processor although it had something to do.
 */
export class Lateness {
  worstTimerMs = 0
  #due = Date.now() + EVERY_MS
  #ticks = 0
  readonly #watched: readonly Watched[]
  readonly #samples = new Map<number, Sample[]>()

  constructor(scope: Scope, watched: readonly Watched[]) {
    this.#watched = watched
    const timer = setInterval(() => {
      const now = Date.now()
      this.worstTimerMs = Math.max(this.worstTimerMs, now - this.#due)
      this.#due = now + EVERY_MS
      if (this.#ticks++ % SAMPLE_EVERY === 0) this.#sample(now)
    }, EVERY_MS)
    scope.teardown(() => clearInterval(timer))
  }

  /** The machine had so much else to do that nobody could keep the times of a fault. */
  get starved(): boolean {
    return this.worstTimerMs > STARVED_MS || this.worstWait(1000) > STARVED_WAIT_MS
  }

  /** How much later than on a machine of its own something may have come that takes a gateway and this process. */
  get slackMs(): number {
    return this.worstTimerMs * 2 + this.worstWait(5000)
  }

  /** The longest that a gateway waited for a processor, in milliseconds, within so many milliseconds. */
  worstWait(windowMs: number): number {
    let worst = 0
    for (const samples of this.#samples.values()) {
      let first = 0
      for (const { at, waitedMs } of samples) {
        while (at - (samples[first + 1]?.at ?? at) >= windowMs) first++
        worst = Math.max(worst, waitedMs - (samples[first]?.waitedMs ?? 0))
      }
    }
    return Math.round(worst)
  }

  #sample(at: number): void {
    for (const { runningPid } of this.#watched) {
      if (runningPid === undefined) continue
      const samples = this.#samples.get(runningPid) ?? []
      samples.push({ at, waitedMs: processorWaitOf(runningPid) ?? samples.at(-1)?.waitedMs ?? 0 })
      this.#samples.set(runningPid, samples)
    }
  }
}

const EVERY_MS = 20
const SAMPLE_EVERY = 10
/** A sixth of what a gateway gives Redis for an answer; it may wait longer than this process does. */
const STARVED_MS = 100
const STARVED_WAIT_MS = 400
