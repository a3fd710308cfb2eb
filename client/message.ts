export interface Message {
  /** Where it was published, also when it came by a pattern. */
  readonly channel: string
  /** The publisher's event type. */
  readonly event?: string
  /** Its place in the channel's history, where there is one. */
  readonly id?: string
  /** Text as it was published; bytes where they are not UTF-8. */
  readonly data: string | Uint8Array<ArrayBuffer>
  /** The data as JSON. @throws SyntaxError */
  json<T = unknown>(): T
}

export type Listener = (message: Message) => void

interface Envelope {
  channel: string
  event?: string
  id?: string
  data: string
  encoding?: 'base64'
}

export function readMessage(envelope: string): Message {
  const { data, encoding, ...about } = JSON.parse(envelope) as Envelope // as the protocol says
  return {
    ...about,
    data: encoding ? Uint8Array.from(atob(data), character => character.charCodeAt(0)) : data,
    json: () => JSON.parse(data),
  }
}
