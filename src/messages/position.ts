/**
 * Where a message stands in the history of its channel. Offsets of one epoch are contiguous and
 * begin with 1; the tag is random for each entry, so that an offset that was given twice, as
 * after a failover to a replica that lagged, is not taken for the same place.
 */
export interface Position {
  /** 16 hexadecimal digits, drawn when the history of the channel began. */
  readonly epoch: string
  readonly offset: number
  /** 24 bits. */
  readonly tag: number
  /** Of a live message: the tag of the place it follows. Another tag there means that something between may be lost. */
  readonly previousTag?: number
}

/** The part of a position that is in an id: enough to find it, or to see that it is gone. */
export interface Mark {
  readonly offset: number
  /** 32 bits: the first 8 of the epoch, and the tag. */
  readonly check: number
}

export const markOf = ({ epoch, offset, tag }: Position): Mark => ({
  offset,
  check: startOf(epoch) * TAGS + tag,
})

/** Whether the mark may be of the epoch: it has only its first two digits. */
export const isOfEpoch = ({ check }: Mark, { epoch }: Pick<Position, 'epoch'>): boolean =>
  Math.floor(check / TAGS) === startOf(epoch)

const startOf = (epoch: string): number => Number.parseInt(epoch.slice(0, 2), 16)
const TAGS = 0x1000000

/** A place in no history, for a reader of a channel whose history the broker could not begin. */
export const UNKNOWN: Mark = { offset: 0, check: 0 }
