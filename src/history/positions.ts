import { type Mark, markOf, type Position } from '../messages/position.js'

/** Whether nothing lies between the two. */
export const isNext = (known: Position, { epoch, offset, previousTag = known.tag }: Position): boolean =>
  offset === known.offset + 1 && epoch === known.epoch && previousTag === known.tag

/** Whether who has everything up to the one has the other. */
export const isCovered = (known: Position, position: Position): boolean =>
  position.epoch === known.epoch && position.offset <= known.offset

/** Whether the two are the same place. */
export const isSame = (a: Position, b: Position): boolean =>
  a.offset === b.offset && a.epoch === b.epoch && a.tag === b.tag

/** Whether the two are different messages at the same place. */
export const isOther = (known: Position, position: Position): boolean =>
  position.epoch === known.epoch && position.offset === known.offset && position.tag !== known.tag

/** Whether the mark may be of the position's epoch: it knows that in part only. */
export const isOfEpoch = (mark: Mark, position: Position): boolean => epochOf(markOf(position)) === epochOf(mark)

/** `isCovered` for who stands at a mark, as far as a mark tells. */
export const mayBeCovered = (known: Mark, position: Position): boolean =>
  position.offset <= known.offset && isOfEpoch(known, position)

const epochOf = ({ check }: Mark): number => Math.floor(check / 0x1000000)
