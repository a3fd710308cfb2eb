import { controlEnvelope, openEnvelope } from './envelope.js'
import { type Format, join, once } from './format.js'

/* NDJSON: one envelope a line. */

export const ndjson: Format = {
  transport: 'ndjson',
  encode: once(({ envelope }) => Buffer.from(`${envelope}\n`)),
  control: (event, topic, data) => Buffer.from(`${controlEnvelope(event, topic, data)}\n`),
  heartbeat: Buffer.from('\n'),
  pack: join,
  open: cursor => Buffer.from(`${openEnvelope(cursor)}\n`),
  hasIds: true,
}

/** Over several channels of which some have a history: the cursor is each client's own, the rest of the line is not. */
export const ndjsonCursors: Format = {
  ...ndjson,
  encode: once(({ envelope }) => Buffer.from(`${envelope.slice(1)}\n`)),
  prefix: cursor => (cursor === undefined ? BRACE : Buffer.from(`{"cursor":"${cursor}",`)),
}

const BRACE = Buffer.from('{')
