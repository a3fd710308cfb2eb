import { crc32 } from 'node:zlib'
import { type Mark, markOf, type Position } from './position.js'

/*
 * Clients get it as `id` and send it back as a cursor. An id is base64url of
 *
 *     2 bytes   of a checksum of the channel's name
 *     4 bytes   the check of the mark
 *     1 to 6    the offset, big-endian, in as few bytes as it takes
 *
 * so at most 15 characters below 2^40 messages. The cursor of a stream over several channels is
 * their ids in the order of the channels' names, joined by dots: eight fit into the 128 bytes up
 * to which a browser sends a `Last-Event-ID` across origins without a preflight.
 */

/** The id of a message. */
export const encodeId = (channel: string, position: Position): string => encodeMark(channel, markOf(position))

/** The id of a place that need not be a message: where a channel stands that has been silent so far. */
export function encodeMark(channel: string, { offset, check }: Mark): string {
  const length = bytesOf(offset)
  const bytes = Buffer.allocUnsafe(HEAD + length)
  bytes.writeUInt16BE(channelCheck(channel), 0)
  bytes.writeUInt32BE(check, 2)
  bytes.writeUIntBE(offset, HEAD, length)
  return bytes.toString('base64url')
}

/** One cursor for several channels, from the id of each. */
export function joinIds(ids: ReadonlyMap<string, string>): string {
  return [...ids]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, id]) => id)
    .join(SEPARATOR)
}

/**
 * The mark that a cursor has for each of the channels, in their order; undefined where it has none.
 * An id of a channel that is not asked for is ignored, and so is one that no gateway has written.
 */
export function readCursor(cursor: string, channels: readonly string[]): (Mark | undefined)[] {
  const marks = new Map<number, Mark[]>()
  for (const part of cursor.split(SEPARATOR)) {
    const read = decode(part)
    if (read) add(marks, read.channel, read.mark)
  }
  const wanted = new Map<number, string[]>()
  for (const channel of [...new Set(channels)].sort()) {
    add(wanted, channelCheck(channel), channel)
  }
  return channels.map(channel => {
    const check = channelCheck(channel)
    const [alike = [], found = []] = [wanted.get(check), marks.get(check)]
    // Names that share a checksum stand in the order of the names; where one is missing nobody knows which.
    return alike.length === found.length ? found[alike.indexOf(channel)] : undefined
  })
}

/** To the list of the key. In place, because a client may repeat one id as often as a frame has room for it. */
function add<Value>(lists: Map<number, Value[]>, key: number, value: Value): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

const SEPARATOR = '.'
const HEAD = 6
const MAX_OFFSET_BYTES = 6
/** An id has at most so many characters. Access control relies on it to tell cursors from tokens. */
export const MAX_ID_LENGTH = 16
const ID = /^[A-Za-z0-9_-]{10,16}$/

const channelCheck = (channel: string): number => crc32(channel) & 0xffff

function bytesOf(offset: number): number {
  let length = 1
  for (let rest = offset; rest >= 256; rest = Math.floor(rest / 256)) length++
  return length
}

function decode(id: string): { channel: number; mark: Mark } | undefined {
  if (!ID.test(id)) return undefined
  const bytes = Buffer.from(id, 'base64url')
  const length = bytes.length - HEAD
  if (length < 1 || length > MAX_OFFSET_BYTES || bytes.toString('base64url') !== id) return undefined
  const offset = bytes.readUIntBE(HEAD, length)
  if (bytesOf(offset) !== length) return undefined
  return { channel: bytes.readUInt16BE(0), mark: { offset, check: bytes.readUInt32BE(2) } }
}
