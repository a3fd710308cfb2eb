import { isUtf8 } from 'node:buffer'
import { encodeId } from './cursor.js'
import { escapeLineEnds, hasLineEnd } from './json-text.js'
import type { Position } from './position.js'

/** A message to publish: the body of a `POST`, a WebSocket frame, or one item of a batch. */
export interface Publication {
  readonly channel: string
  readonly data: Buffer
  /** Event type, checked by `isEventType`. Absent where the publisher gave none. */
  readonly event?: string
  /** Executed once for the key, however often it is published; kept apart for each channel. */
  readonly idempotency?: Idempotency
}

export interface Idempotency {
  /** Opaque, and different for each caller. */
  readonly key: string
  /** A hash of what is published: the same key with another one is a mistake. */
  readonly fingerprint: string
}

/**
 * One message on its way to the listeners. It lives for one dispatch and remembers each wire
 * form it was encoded to, so that a thousand clients of one format cost one encoding.
 */
export class Message {
  readonly channel: string
  /** The very bytes that were published. */
  readonly data: Buffer
  readonly event: string | undefined
  /** Where it stands in the history of its channel, if that has one and the message came through a gateway. */
  readonly position: Position | undefined
  /** Wire forms by format, filled by `Format.encode`. */
  readonly encoded = new Map<object, Buffer>()
  #compared: { readonly other: Message; readonly isSame: boolean } | undefined
  #text: string | undefined | null = null
  #envelope: string | undefined
  #id: string | undefined

  constructor({ channel, data, event, position }: MessageFields) {
    this.channel = channel
    this.data = data
    this.event = event
    this.position = position
  }

  /** The cursor with which a client resumes after this message; undefined without a history. */
  get id(): string | undefined {
    if (this.position && this.#id === undefined) this.#id = encodeId(this.channel, this.position)
    return this.#id
  }

  /** Whether the two have the same bytes; a thousand clients that ask about the same two cost one comparison. */
  hasBytesOf(other: Message): boolean {
    if (this.#compared?.other !== other) this.#compared = { other, isSame: this.data.equals(other.data) }
    return this.#compared.isSame
  }

  /** The data as text, or undefined when the bytes are not UTF-8. */
  get text(): string | undefined {
    if (this.#text === null) this.#text = isUtf8(this.data) ? this.data.toString('utf8') : undefined
    return this.#text
  }

  /** The envelope `{"channel","id"?,"event"?,"data","encoding"?}` as JSON text. */
  get envelope(): string {
    if (this.#envelope === undefined) {
      const { id, event, text, data } = this
      const channel = this.channel.toWellFormed()
      const json = JSON.stringify(
        text === undefined
          ? { channel, id, event, data: data.toString('base64'), encoding: 'base64' }
          : { channel, id, event, data: text },
      )
      // Text that is as long as its bytes is ASCII: no need to look through it.
      const isAscii = text === undefined || text.length === data.length
      this.#envelope = isAscii && !hasLineEnd(channel) ? json : escapeLineEnds(json)
    }
    return this.#envelope
  }
}

interface MessageFields {
  readonly channel: string
  readonly data: Buffer
  readonly event?: string | undefined
  readonly position?: Position | undefined
}
