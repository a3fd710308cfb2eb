import { isOfEpoch, type Mark, type Position } from '../messages/position.js'

/** Whether `position` directly follows `known`. */
export const isNext = (known: Position, { epoch, offset, previousTag = known.tag }: Position): boolean =>
  offset === known.offset + 1 && epoch === known.epoch && previousTag === known.tag

/** Whether a reader that has everything up to `known` has `position`. */
export const isCovered = (known: Position, position: Position): boolean =>
  position.epoch === known.epoch && position.offset <= known.offset

/** Whether the two are the same place. */
export const isSame = (a: Position, b: Position): boolean =>
  a.offset === b.offset && a.epoch === b.epoch && a.tag === b.tag

/** Whether the two are different messages at the same place. */
export const isOther = (known: Position, position: Position): boolean =>
  position.epoch === known.epoch && position.offset === known.offset && position.tag !== known.tag

/** `isCovered` for a reader at a mark, as far as a mark can tell. */
export const mayBeCovered = (known: Mark, position: Position): boolean =>
  position.offset <= known.offset && isOfEpoch(known, position)

/**
 * The position up to which a reader has a channel with a history. Each step either follows the one before it, or a gap
 * was announced between the two, or the step returns false.
 */
export class SequenceTracker {
  #position: Position | undefined
  #isGapAnnounced = false

  /** The reader has everything up to here. Undefined where any message may follow. */
  get position(): Position | undefined {
    return this.#position
  }

  /** The next message must follow this. Undefined where a gap was announced at this place, or the place is unknown. */
  get tip(): Position | undefined {
    return this.#isGapAnnounced ? undefined : this.#position
  }

  /** A gap was announced at this place. */
  break(): void {
    this.#isGapAnnounced = true
  }

  /** The reader is at this position, unless its position is already known. */
  startAt(position: Position | undefined): void {
    this.#position ??= position
  }

  /** The next message of a channel without a pending gap, for which `isNext` has been checked. */
  advance(position: Position): void {
    this.#position = position
  }

  /** A message comes. False where something may be missing before it, and no gap was announced. */
  next(position: Position): boolean {
    return this.#move(position, isNext)
  }

  /** The place changes without a message. False as above. */
  moveTo(position: Position | undefined): boolean {
    return this.#move(position, isSame)
  }

  #move(position: Position | undefined, follows: (known: Position, position: Position) => boolean): boolean {
    const known = this.tip
    this.#position = position
    this.#isGapAnnounced = false
    return known === undefined || (position !== undefined && follows(known, position))
  }
}

/** The latest messages that were read from a history of one epoch before their live copies came: tags by offset. */
export class DeduplicationWindow {
  readonly #tags = new Map<number, number>()

  add({ offset, tag }: Position): void {
    this.#tags.set(offset, tag)
    const [oldest = 0] = this.#tags.keys()
    if (this.#tags.size > MAX_ENTRIES) this.#tags.delete(oldest)
  }

  /** That very message was read. */
  has({ offset, tag }: Position): boolean {
    return this.#tags.get(offset) === tag
  }

  /** Another message was read in its place: one of the two has been rolled back. */
  hasOther({ offset, tag }: Position): boolean {
    const known = this.#tags.get(offset)
    return known !== undefined && known !== tag
  }
}

const MAX_ENTRIES = 1000
