import { RESERVED_PREFIX } from '../../../messages/names.js'

/*
 * The keys of a channel. The braces are a Redis hash tag: in a Cluster they all lie in the slot of
 * the channel itself. Each expires by itself some time after the last write to it.
 */

/** A stream. Its entries have the IDs `<offset>-<milliseconds since 1970>`, and the fields of `append-and-publish.ts`. */
export const historyKey = (channel: string): string => `${RESERVED_PREFIX}history:{${channel}}`

/** A hash: where the history stands, also when its entries have aged out. */
export const positionKey = (channel: string): string => `${RESERVED_PREFIX}position:{${channel}}`

/** A string: the outcome of the publication with the idempotency key. */
export const idempotencyKey = (channel: string, key: string): string =>
  `${RESERVED_PREFIX}idempotency:{${channel}}:${key}`

/** A key that never exists. A replica refuses to delete it, and a script ends there. */
export const FENCE_KEY = `${RESERVED_PREFIX}fence`
