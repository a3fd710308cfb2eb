import { crc32 } from 'node:zlib'
import type { Publication } from '../../message.js'
import { isEventType, isReservedEventType, RESERVED_PREFIX } from '../../names.js'
import type { Topic } from '../../topic.js'

/**
 * How metadata travels beside bytes that must stay untouched. Each channel has a companion; a
 * publication with metadata is one script: first what there is to say on the companion, then the
 * bytes on the channel. Who subscribes to both with one command sees the two next to each other,
 * whatever others publish meanwhile:
 *
 *     PUBLISH carillon:meta:{news}  {"event":"price","crc":3421780262}
 *     PUBLISH news                  the very bytes
 *
 * The braces are a Redis hash tag: in a Cluster both lie in one slot. The checksum ties the
 * metadata to its bytes where other publishers can come between, on the bus of a Cluster.
 */
export interface Metadata {
  readonly event?: string
  readonly crc: number
}

const COMPANION_PREFIX = `${RESERVED_PREFIX}meta:{`

/** The companion of a channel, or of a pattern. */
export const companionOf = (name: string): string => `${COMPANION_PREFIX}${name}}`

/** The channel that a companion belongs to; undefined for any other channel. */
export const channelOfCompanion = (name: string): string | undefined =>
  name.startsWith(COMPANION_PREFIX) ? name.slice(COMPANION_PREFIX.length, -1) : undefined

/** What a topic is subscribed as: both names in one command, so that never one is heard without the other. */
export const wireNames = ({ name }: Topic): [string, string] => [companionOf(name), name]

/** The metadata of a publication, or undefined when its bytes say all. */
export function encodeMetadata({ event, data }: Publication): string | undefined {
  return event === undefined ? undefined : JSON.stringify({ event, crc: crc32(data) } satisfies Metadata)
}

/** Undefined for what no gateway has written: anybody may publish on a companion. */
export function decodeMetadata(bytes: Buffer): Metadata | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    if (typeof value !== 'object' || value === null) return undefined
    const { event, crc } = value as Record<string, unknown>
    if (typeof crc !== 'number') return undefined
    if (typeof event !== 'string' || !isEventType(event) || isReservedEventType(event)) return { crc }
    return { event, crc }
  } catch {
    return undefined
  }
}

/**
 * Metadata that has come and waits for its bytes, by route: a message arrives once for its
 * channel and once for each pattern, and so does its metadata.
 */
export class PendingMetadata {
  readonly #byRoute = new Map<string, Metadata[]>()

  add(route: string, metadata: Metadata): void {
    const waiting = this.#byRoute.get(route)
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
/** Anybody may publish on the companions of channels that nobody else has heard of. */
const MAX_ROUTES = 1024
