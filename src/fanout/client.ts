import type { Format } from '../protocol/format.js'
import type { ClientQueue } from './client-queue.js'
import type { Subscriber } from './subscriber.js'

/** A client and how it wants its bytes. */
export interface Client {
  readonly subscriber: Subscriber
  readonly format: Format
  /** Its own group, for a client that differs from the others. */
  readonly group?: ClientQueue
}
