import { isUtf8 } from 'node:buffer'
import { crc32 } from 'node:zlib'
import type { Publication } from '../../../messages/message.js'
import { isEventType, isReservedEventType, RESERVED_PREFIX } from '../../../messages/names.js'
import type { Position } from '../../../messages/position.js'
import type { Topic } from '../../../messages/topic.js'

/**
 * How metadata travels beside bytes that must stay untouched. Each channel has a metadata channel; a
 * publication with metadata is one script: first what there is to say on the metadata channel, then the
 * bytes on the channel. Who subscribes to both with one command sees the two next to each other,
 * no matter what others publish meanwhile:
 *
 *     PUBLISH carillon:meta:{news}  {"event":"price","crc":3421780262}
 *     PUBLISH news                  the very bytes
 *
 * Where the channel has a history, the script that wrote the entry adds the position in front:
 * `{"epoch":"a1b2c3d4e5f60718","offset":42,"tag":"abcdef","previous":"123456","event":"price","crc":3421780262}`,
 * with the tag of the entry that it follows as `previous`.
 *
 * The braces are a Redis hash tag: in a Cluster both lie in one slot. The checksum ties the
 * metadata to its bytes where other publishers can come between, on the bus of a Cluster.
 */
export interface Metadata {
  readonly event?: string
  readonly crc: number
  readonly position?: Position
}

const METADATA_PREFIX = `${RESERVED_PREFIX}meta:{`

/** The metadata channel of a channel, or of a pattern. */
export const metadataChannelOf = (name: string): string => `${METADATA_PREFIX}${name}}`

/** The channel that a metadata channel belongs to; undefined for any other channel. */
export const channelOfMetadata = (name: string): string | undefined =>
  name.startsWith(METADATA_PREFIX) ? name.slice(METADATA_PREFIX.length, -1) : undefined

/**
 * The name of a channel as text. Native publishers can use any bytes. Where they are not UTF-8, each byte over 0x7f becomes a
 * lone surrogate, as in PEP 383, so that different names stay different; clients see U+FFFD.
 */
export function nameOf(bytes: Buffer): string {
  const name = bytes.toString()
  if (!name.includes('\ufffd') || isUtf8(bytes)) return name
  return bytes.toString('latin1').replace(/[\x80-\xff]/g, byte => String.fromCharCode(0xdc00 + byte.charCodeAt(0)))
}

/** The two names to subscribe to for a topic. One command has both, so that neither arrives without the other. */
export const wireNames = ({ name }: Topic): [string, string] => [metadataChannelOf(name), name]

/** The metadata of a publication, or undefined when its bytes say all, unless there is more to be said by the script. */
export function encodeMetadata({ event, data }: Publication, { always = false } = {}): string | undefined {
  if (event === undefined && !always) return undefined
  return JSON.stringify({ ...(event !== undefined && { event }), crc: crc32(data) } satisfies Metadata)
}

/** Undefined for anything that no gateway has written: every Redis client may publish on a metadata channel. */
export function decodeMetadata(bytes: Buffer): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    if (typeof value !== 'object' || value === null) return undefined
    const { event, crc, ...rest } = value as Record<string, unknown>
    if (typeof crc !== 'number') return undefined
    const position = readStep(rest)
    const isUsable = typeof event === 'string' && isEventType(event) && !isReservedEventType(event)
    return { ...(isUsable && { event }), crc, ...(position && { position }) }
  } catch {
    return undefined
  }
}

/** The position of a live message. */
function readStep({ previous, ...place }: Record<string, unknown>): Position | undefined {
  const position = readPosition(place)
  if (!position || position.offset === 0) return undefined
  const isTag = typeof previous === 'string' && TAG.test(previous)
  return isTag ? { ...position, previousTag: Number.parseInt(previous, 16) } : position
}

/** Undefined where there is none, or none that a script of ours has written. */
export function readPosition({ epoch, offset, tag }: Record<string, unknown>): Position | undefined {
  if (typeof epoch !== 'string' || !EPOCH.test(epoch)) return undefined
  if (typeof tag !== 'string' || !TAG.test(tag)) return undefined
  if (typeof offset !== 'number' || !Number.isSafeInteger(offset) || offset < 0 || offset > MAX_OFFSET) return undefined
  return { epoch, offset, tag: Number.parseInt(tag, 16) }
}

const EPOCH = /^[0-9a-f]{16}$/
const TAG = /^[0-9a-f]{6}$/
/** The largest values that fit into an id. */
const MAX_OFFSET = 2 ** 48 - 1

/**
 * Metadata that has come and waits for its bytes, by route: a message arrives once for its
 * channel and once for each pattern, and so does its metadata.
 */
export class PendingMetadata {
  readonly #byRoute = new Map<string, Metadata[]>()

  add(route: string, metadata: Metadata): void {
    const known = this.#byRoute.get(route)
    // What has a position comes in order, each right before its bytes: if another is still waiting, its bytes were lost.
    const waiting = metadata.position ? known?.filter(({ position }) => !position) : known
    if (waiting && waiting !== known) this.#byRoute.set(route, waiting)
    if (waiting) {
      if (waiting.push(metadata) > MAX_WAITING) waiting.shift()
      return
    }
    this.#byRoute.set(route, [metadata])
    if (this.#byRoute.size <= MAX_ROUTES) return
    const [oldest = ''] = this.#byRoute.keys()
    this.#byRoute.delete(oldest)
  }

  take(route: string, data: Buffer): Metadata | undefined {
    if (this.#byRoute.size === 0) return undefined
    const waiting = this.#byRoute.get(route)
    if (!waiting) return undefined
    const crc = crc32(data)
    const index = waiting.findIndex(metadata => metadata.crc === crc)
    if (index === -1) return undefined
    const [metadata] = waiting.splice(index, 1)
    if (waiting.length === 0) this.#byRoute.delete(route)
    return metadata
  }

  clear(): void {
    this.#byRoute.clear()
  }
}

/** More than ever wait at once on the bus of a Cluster; what is over it was never followed by its bytes. */
const MAX_WAITING = 64
/** Every Redis client may publish on the metadata channels of unknown channels. */
const MAX_ROUTES = 1024
