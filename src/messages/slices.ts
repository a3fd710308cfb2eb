import { setImmediate } from 'node:timers/promises'
import type { Work } from './glob-cover.js'

/**
 * Splits work that grows with what many clients have chosen: after each slice, other work gets its turn. Work that
 * says how many steps it took, and waits for `turn` where it can be interrupted.
 */
export class Slices implements Work {
  #steps = 0

  spend(steps: number): void {
    this.#steps += steps
  }

  get isOver(): boolean {
    return this.#steps >= STEPS_PER_SLICE
  }

  async turn(): Promise<void> {
    this.#steps = 0
    await setImmediate()
  }
}

/** About a millisecond. */
const STEPS_PER_SLICE = 50_000
