import { isJsonType, mediaType } from '../messages/content-type.js'
import type { Publication } from '../messages/message.js'
import { channelProblem, eventTypeProblem } from '../messages/names.js'
import { requireJson } from '../protocol/json.js'
import { Problem } from '../protocol/problems.js'

/**
 * A publication out of an HTTP request. The body stays as it is, byte for byte; JSON is only
 * looked at, never written anew.
 * @throws Problem `unsupported-media-type`, `invalid-json`, and those of `checkPublication`
 */
export function publicationFromBody(
  channel: string,
  event: string | undefined,
  contentType: string | undefined,
  body: Buffer | undefined,
): Publication {
  const type = mediaType(contentType)
  if (type === undefined) throw new Problem('unsupported-media-type')
  const data = body ?? Buffer.alloc(0)
  if (isJsonType(type)) requireJson(data)
  return checkPublication(event === undefined ? { channel, data } : { channel, data, event })
}

/** A message as JSON carries it: in a batch, and in a frame on the multiplexed WebSocket. */
export interface JsonPublication {
  channel: string
  data: string
  event?: string
  encoding?: 'base64'
  idempotency_key?: string
}

/** @throws Problem `invalid-request`, and those of `checkPublication` */
export function publicationFromJson({ channel, data, event, encoding }: JsonPublication): Publication {
  const bytes = Buffer.from(data, encoding ?? 'utf8')
  if (encoding === undefined && LONE_SURROGATE.test(data))
    throw new Problem('invalid-request', 'The data has half a surrogate pair, which UTF-8 cannot carry.')
  if (encoding === 'base64' && !isBase64(data)) throw new Problem('invalid-request', 'The data is not base64.')
  return checkPublication(event === undefined ? { channel, data: bytes } : { channel, data: bytes, event })
}

/** @throws Problem `invalid-channel`, `reserved-channel`, `invalid-event-type` */
export function checkPublication(publication: Publication): Publication {
  const { channel, event } = publication
  const problem = channelProblem(channel) ?? (event === undefined ? undefined : eventTypeProblem(event))
  if (problem) throw new Problem(problem)
  return publication
}

/** JSON can write one as an escape; it would become another character on the way. */
const LONE_SURROGATE = /\p{Surrogate}/u

/** RFC 4648 section 4, with its padding: `Buffer.from` would pass over whatever it does not know. */
const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
