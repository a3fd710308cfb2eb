import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { httpPublisher } from '../plugins/access/publisher.js'
import { allowedChannels } from '../src/access/authorization.js'
import type { Gateway } from '../src/gateway.js'
import { mediaType } from '../src/messages/content-type.js'
import { requireJson } from '../src/protocol/json.js'
import { describeMemberFault } from '../src/protocol/member-faults.js'
import { ProblemDetails } from '../src/protocol/problem-details.js'
import { Problem } from '../src/protocol/problems.js'
import { batchFingerprint, type GivenKey, readIdempotencyKey } from '../src/publishing/idempotency.js'
import { dataTexts } from '../src/publishing/json-data.js'
import { type Draft, draftFromJson } from '../src/publishing/publication.js'
import type { PublishOutcome } from '../src/publishing/publishing.js'
import { lazyValidator } from '../src/support/lazy-validator.js'
import { GUARDED_REQUEST, PUBLISH_REQUEST, problemResponses } from './problem-responses.js'
import { IdempotencyHeader, Published, REQUEST_BODY } from './schemas.js'

const BatchItem = Type.Object(
  {
    channel: Type.String({ examples: ['news'] }),
    data: Type.Unknown({
      description:
        'The message. A string is published as its text; any other JSON value as its JSON text, exactly as it was sent.',
      examples: ['hello'],
    }),
    event: Type.Optional(Type.String({ examples: ['price'] })),
    encoding: Type.Optional(
      Type.Literal('base64', {
        description: 'The data is base64; its decoded bytes are published.',
      }),
    ),
    idempotency_key: Type.Optional(
      Type.String({
        description: 'Like the `Idempotency-Key` of a single publish. It takes precedence over that of the batch.',
        examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'],
      }),
    ),
  },
  { title: 'BatchMessage', additionalProperties: false },
)

const Batch = Type.Object(
  { messages: Type.Array(BatchItem, { minItems: 1 }) },
  { title: 'Batch', additionalProperties: false },
)

/** As one object: of a union, several generators make a type that cannot tell its members apart. */
const BatchResult = Type.Partial(Type.Object({ ...Published.properties, ...ProblemDetails.properties }), {
  title: 'BatchResult',
  description: 'The answer of a single publish; with `type`, its problem.',
})

const BatchResults = Type.Object(
  {
    results: Type.Array(BatchResult, { description: 'One result or problem for each message, in their order.' }),
  },
  { title: 'BatchResults', description: 'The results, one for each message.' },
)

const schema = {
  operationId: 'publishBatch',
  tags: ['publish'],
  summary: 'Publish many messages',
  description:
    'Publishes messages to many channels in one trip to Redis, in order. Each message has its own result: the answer of a single publish, or its problem. Only if Redis is unavailable and nothing was published, the whole answer is an error. An `Idempotency-Key` covers the whole batch, as if each message had its own key.',
  headers: IdempotencyHeader,
  querystring: Type.Object({}, { additionalProperties: false }),
  [REQUEST_BODY]: {
    description: 'The messages, or a single message without the array.',
    required: true,
    content: { 'application/json': { schema: Batch } },
  },
  response: {
    200: BatchResults,
    ...problemResponses(
      ...GUARDED_REQUEST,
      ...PUBLISH_REQUEST,
      'invalid-json',
      'invalid-idempotency-key',
      'message-too-large',
      'broker-unavailable',
    ),
  },
}

const isBatch = lazyValidator(
  Type.Object({ messages: Type.Array(Type.Unknown(), { minItems: 1 }) }, { additionalProperties: false }),
)
const isItem = lazyValidator(BatchItem)

export const publishBatch: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (
  app,
  { gateway: { publishing, config } },
) => {
  app.post(
    '/publish',
    { schema, bodyLimit: config.MAX_BATCH_BYTES, config: { access: 'publish', publishes: 'batch' } },
    async (request, reply): Promise<Static<typeof BatchResults>> => {
      if (mediaType(request.headers['content-type']) !== 'application/json')
        throw new Problem('unsupported-media-type', 'Content-Type must be application/json.')
      const key = readIdempotencyKey(request.headers['idempotency-key'])
      const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0) // as plugins/http/bodies.ts leaves it
      const batch = asBatch(requireJson(body))
      if (!isBatch(batch)) throw new Problem('invalid-request', describeMemberFault(Batch, batch, 'The batch'))
      if (batch.messages.length > config.MAX_BATCH_MESSAGES)
        throw new Problem(
          'invalid-request',
          `The batch has ${batch.messages.length} messages; MAX_BATCH_MESSAGES allows ${config.MAX_BATCH_MESSAGES}.`,
        )

      const fingerprint = key === undefined ? '' : batchFingerprint(body)
      const texts = batch.messages.some(hasJsonData) ? await dataTexts(body.toString()) : []
      const reads = batch.messages.map((message, place) => () => {
        const batchKey = key === undefined ? undefined : { key, part: { place, batch: fingerprint } }
        return readItem(message, texts[place], batchKey)
      })
      const publisher = httpPublisher(request, 'batch', allowedChannels(request.caller, 'publish'))
      const outcomes = await publishing.publishAll(publisher, reads, rate => reply.headers(rate))
      if (isUnavailable(outcomes)) throw new Problem('broker-unavailable')
      return {
        results: outcomes.map((outcome, i) => {
          if (outcome instanceof Problem) return outcome.toJSON()
          const { channel } = batch.messages[i] as Static<typeof BatchItem> // it was read as one
          return { channel, ...outcome }
        }),
      }
    },
  )
}

/** A message alone is a batch of one. */
const asBatch = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'channel' in value ? { messages: [value] } : value

const hasJsonData = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'data' in message && typeof message.data !== 'string'

/**
 * `text` is the JSON text of the data, for data that is no string.
 * @throws Problem
 */
function readItem(message: unknown, text: string | undefined, batchKey: GivenKey | undefined): Draft {
  if (!isItem(message)) throw new Problem('invalid-request', describeMemberFault(BatchItem, message, 'The message'))
  const { data } = message
  if (typeof data !== 'string' && message.encoding !== undefined)
    throw new Problem('invalid-request', 'The member "data" must be a string if the message has an "encoding".')
  const { publication, key = batchKey } = draftFromJson({
    ...message,
    data: typeof data === 'string' ? data : `${text}`,
  })
  return { publication, key }
}

/** Redis is away, and no message was published: a client may send the whole batch again. */
const isUnavailable = (outcomes: readonly PublishOutcome[]): boolean =>
  outcomes.every(outcome => outcome instanceof Problem && outcome.type !== 'outcome-unknown') &&
  outcomes.some(outcome => outcome instanceof Problem && outcome.type === 'broker-unavailable')
