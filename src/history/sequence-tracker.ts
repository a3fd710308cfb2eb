import type { Position } from '../messages/position.js'
import { isNext, isSame } from './positions.js'

/**
 * Up to where somebody has a channel with a history. Whatever led to a message: it follows what was had before, or a
 * gap was told between the two, or this is where it shows.
 */
export class SequenceTracker {
  /** Up to here everything is had; undefined where whatever comes follows. */
  position: Position | undefined
  #isGapTold = false

  /** What comes next follows this; undefined where a gap was told at this place, or nobody knows it. */
  get tip(): Position | undefined {
    return this.#isGapTold ? undefined : this.position
  }

  /** A gap was told at this place. */
  break(): void {
    this.#isGapTold = true
  }

  /** A message comes. False where something may be missing before it, and nobody was told. */
  next(position: Position): boolean {
    return this.#move(position, isNext)
  }

  /** Without a message. False as above. */
  moveTo(position: Position | undefined): boolean {
    return this.#move(position, isSame)
  }

  #move(position: Position | undefined, follows: (known: Position, position: Position) => boolean): boolean {
    const known = this.tip
    this.position = position
    this.#isGapTold = false
    return known === undefined || (position !== undefined && follows(known, position))
  }
}
