import type { Scope } from './scope.js'

const EVERY_MS = 20

/** How late the machine lets a timer of this process be: others beside it wait no less. */
export class Lateness {
  worst = 0
  #due = Date.now() + EVERY_MS

  constructor(scope: Scope) {
    const timer = setInterval(() => {
      const now = Date.now()
      this.worst = Math.max(this.worst, now - this.#due)
      this.#due = now + EVERY_MS
    }, EVERY_MS)
    scope.teardown(() => clearInterval(timer))
  }

  /** The machine had so much else to do that nobody could keep the times of a fault. */
  get starved(): boolean {
    return this.worst > STARVED_MS
  }
}

/** A sixth of what a gateway gives Redis for an answer; it may wait longer than this process does. */
const STARVED_MS = 100
