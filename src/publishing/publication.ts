import { isJsonType, mediaType } from '../messages/content-type.js'
import type { Publication } from '../messages/message.js'
import { channelProblem, eventTypeProblem } from '../messages/names.js'
import { requireJson } from '../protocol/json.js'
import { nameProblem, Problem } from '../protocol/problems.js'
import { cloudEventType, type Headers } from './cloud-events.js'
import { type GivenKey, requireKey } from './idempotency.js'

/** A parsed publication with valid names, and its idempotency key. */
export interface Draft {
  readonly publication: Publication
  readonly key?: GivenKey | undefined
}

/**
 * The message in the body of an HTTP request. The body stays as it is, byte for byte: JSON is checked, never written
 * again. The channel comes from the path, where the hook of access has checked it. A CloudEvent brings its event type.
 * @throws Problem `unsupported-media-type`, `invalid-json`, `invalid-event-type`, `invalid-request`
 */
export function publicationFromBody(
  channel: string,
  event: string | undefined,
  headers: Headers,
  body: Buffer | undefined,
): Publication {
  const type = mediaType(headers['content-type'])
  if (type === undefined) throw new Problem('unsupported-media-type')
  const data = body ?? Buffer.alloc(0)
  const value = isJsonType(type) ? requireJson(data) : undefined
  const eventType = event ?? cloudEventType(headers, type, value)
  if (eventType === undefined) return { channel, data }
  return { channel, data, event: requireEventType(eventType) }
}

/** A message as JSON carries it: in a batch, and in a frame on the multiplexed WebSocket. */
export interface JsonPublication {
  channel: string
  data: string
  event?: string
  encoding?: 'base64'
  idempotency_key?: string
}

/** @throws Problem `invalid-request`, `invalid-idempotency-key`, and those of `checkPublication` */
export function draftFromJson(message: JsonPublication): Draft {
  const { idempotency_key: key } = message
  const publication = publicationFromJson(message)
  return key === undefined ? { publication } : { publication, key: { key: requireKey(key) } }
}

/** @throws Problem `invalid-request`, and those of `checkPublication` */
export function publicationFromJson({ channel, data, event, encoding }: JsonPublication): Publication {
  const bytes = Buffer.from(data, encoding ?? 'utf8')
  if (encoding === undefined && !data.isWellFormed())
    throw new Problem(
      'invalid-request',
      'The member "data" contains half of a surrogate pair, which UTF-8 cannot encode.',
    )
  if (encoding === 'base64' && !isBase64(data))
    throw new Problem(
      'invalid-request',
      'The member "data" is not base64 with padding (RFC 4648 section 4), but "encoding" is "base64".',
    )
  return checkPublication(event === undefined ? { channel, data: bytes } : { channel, data: bytes, event })
}

/** @throws Problem `invalid-channel`, `reserved-channel`, `invalid-event-type` */
export function checkPublication(publication: Publication): Publication {
  const { channel, event } = publication
  const problem = channelProblem(channel)
  if (problem) throw nameProblem(problem, channel)
  if (event !== undefined) requireEventType(event)
  return publication
}

function requireEventType(event: string): string {
  const problem = eventTypeProblem(event)
  if (problem) throw nameProblem(problem, event)
  return event
}

/** RFC 4648 section 4, with its padding: `Buffer.from` would ignore characters that it does not know. */
const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
