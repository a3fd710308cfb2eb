import { isUtf8 } from 'node:buffer'

/** What a publisher hands over: the body of a `POST`, a WebSocket frame, one item of a batch. */
export interface Publication {
  readonly channel: string
  readonly data: Buffer
  /** Event type, checked by `isEventType`. Absent where the publisher gave none. */
  readonly event?: string
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
  /** Wire forms by format, filled by `Format.encode`. */
  readonly encoded = new Map<object, Buffer>()
  #text: string | undefined | null = null
  #envelope: string | undefined

  constructor({ channel, data, event }: { channel: string; data: Buffer; event?: string | undefined }) {
    this.channel = channel
    this.data = data
    this.event = event
  }

  /** The data as text, or undefined when the bytes are not UTF-8. */
  get text(): string | undefined {
    if (this.#text === null) this.#text = isUtf8(this.data) ? this.data.toString('utf8') : undefined
    return this.#text
  }

  /** The envelope `{"channel","event"?,"data","encoding"?}` as JSON text. */
  get envelope(): string {
    if (this.#envelope === undefined) {
      const { channel, event, text } = this
      this.#envelope = JSON.stringify(
        text === undefined
          ? { channel, event, data: this.data.toString('base64'), encoding: 'base64' }
          : { channel, event, data: text },
      )
    }
    return this.#envelope
  }
}
