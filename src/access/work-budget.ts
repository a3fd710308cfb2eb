import type { Work } from '../messages/glob-cover.js'
import { Problem } from '../protocol/problems.js'

/**
 * How much may be compared to find out what one request is allowed. Both sides are chosen by strangers, the patterns of
 * the request and those of its ticket or token, and the work grows with the product of the two.
 */
export class WorkBudget implements Work {
  #left = STEPS

  /** @throws Problem `too-much-to-compare` */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new Problem('too-much-to-compare')
  }
}

/**
 * A few milliseconds. A batch of 1000 messages whose channels are compared with 100 similar grants each takes less; a stream of 100
 * patterns that are compared with 100 others, all of them made to take long, takes more.
 */
const STEPS = 500_000
