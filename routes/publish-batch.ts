import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from '@sinclair/typebox'
import { callerId } from '../plugins/caller-id.js'
import { allowedChannels } from '../src/access/allows.js'
import type { Caller } from '../src/access/caller.js'
import type { Gateway } from '../src/gateway.js'
import { mediaType } from '../src/messages/content-type.js'
import type { Publication } from '../src/messages/message.js'
import { requireJson } from '../src/protocol/json.js'
import { ProblemDetails } from '../src/protocol/problem-details.js'
import { Problem } from '../src/protocol/problems.js'
import type { PublishResult } from '../src/protocol/publish-result.js'
import { batchFingerprint, type Keyed, readIdempotencyKey, requireKey, withKey } from '../src/publishing/idempotency.js'
import { publicationFromJson } from '../src/publishing/publication.js'
import { lazyValidator } from '../src/support/lazy-validator.js'
import { publishProblem } from './publish-problem.js'
import {
  GUARDED_REQUEST,
  IdempotencyHeader,
  PUBLISH_REQUEST,
  Published,
  problemResponses,
  REQUEST_BODY,
} from './schemas.js'

const BatchItem = Type.Object(
  {
    channel: Type.String({ examples: ['news'] }),
    data: Type.String({ description: 'The message.', examples: ['hello'] }),
    event: Type.Optional(Type.String({ examples: ['price'] })),
    encoding: Type.Optional(
      Type.Literal('base64', { description: 'The data is base64 and is published as the bytes that it stands for.' }),
    ),
    idempotency_key: Type.Optional(
      Type.String({
        description: 'As the `Idempotency-Key` of a single publish; goes before that of the batch.',
        examples: ['8e03978e-40d5-43e8-bc93-6894a57f9324'],
      }),
    ),
  },
  { additionalProperties: false },
)

const Batch = Type.Object({ messages: Type.Array(BatchItem, { minItems: 1 }) }, { additionalProperties: false })

const BatchResults = Type.Object(
  {
    results: Type.Array(Type.Union([Type.Ref(Published), Type.Ref(ProblemDetails)]), {
      description: 'One result or problem for each message, in their order.',
    }),
  },
  { description: 'Redis was asked; each message has its own result.' },
)

const schema = {
  operationId: 'publishBatch',
  tags: ['publish'],
  summary: 'Publish many messages',
  description:
    'Publishes messages to many channels in one trip to Redis, in their order. Each has a result of its own: what a single publish would have answered, or its problem. Only when Redis is away, and nothing was published, the answer as a whole is an error. An `Idempotency-Key` covers the whole batch, as if each message had a key of its own.',
  headers: IdempotencyHeader,
  querystring: Type.Object({}, { additionalProperties: false }),
  [REQUEST_BODY]: {
    description: 'The messages; each as `POST /channels/{channel}` would take it.',
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

type Item = { publication: Publication } | { problem: Problem }

export const publishBatch: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (
  app,
  { gateway: { hub, config, limits, counters } },
) => {
  app.post(
    '/publish',
    { schema, bodyLimit: config.MAX_BATCH_BYTES, config: { access: 'publish', publishes: 'batch' } },
    async (request, reply): Promise<Static<typeof BatchResults>> => {
      if (mediaType(request.headers['content-type']) !== 'application/json')
        throw new Problem('unsupported-media-type', 'A batch is application/json.')
      const key = readIdempotencyKey(request.headers['idempotency-key'])
      const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0) // as plugins/bodies.ts leaves it
      const batch = requireJson(body)
      if (!isBatch(batch))
        throw new Problem('invalid-request', `A batch is {"messages":[${ITEM}]}, with at least one message.`)
      if (batch.messages.length > config.MAX_BATCH_MESSAGES)
        throw new Problem('invalid-request', `A batch has at most ${config.MAX_BATCH_MESSAGES} messages.`)

      request.uncountedPublishes = batch.messages.length
      const rate = limits.spend(() => callerId(request), batch.messages.length)
      if (rate) reply.headers(rate)

      const { caller } = request
      const requireChannel = allowedChannels(caller, 'publish')
      const fingerprint = key === undefined ? '' : batchFingerprint(body)
      const items = batch.messages.map((message, place) => {
        const keyed = key === undefined ? undefined : { key, caller: caller.id, part: { place, batch: fingerprint } }
        return readItem(message, caller, requireChannel, config.MAX_MESSAGE_BYTES, keyed)
      })
      request.uncountedPublishes = 0
      for (const item of items) if ('problem' in item) counters.refusePublish('batch', item.problem.type)
      const publications = items.flatMap(item => ('publication' in item ? [item.publication] : []))
      const published = publications.length === 0 ? [] : await hub.publish(publications, 'batch')
      if (
        published.length > 0 &&
        published.every(result => 'problem' in result && result.problem === 'broker-unavailable')
      )
        throw new Problem('broker-unavailable')

      const results = published.values()
      return {
        results: items.map(item =>
          'problem' in item ? item.problem.toJSON() : describe(item.publication, results.next().value),
        ),
      }
    },
  )
}

const ITEM = '{"channel","data","event"?,"encoding"?,"idempotency_key"?}'

function readItem(
  message: unknown,
  caller: Caller,
  requireChannel: (name: string) => void,
  maxBytes: number,
  batchKey: Keyed | undefined,
): Item {
  if (!isItem(message)) return { problem: new Problem('invalid-request', `A message is ${ITEM}, all of them strings.`) }
  try {
    const publication = publicationFromJson(message)
    requireChannel(publication.channel)
    if (publication.data.length > maxBytes) return { problem: new Problem('message-too-large') }
    const { idempotency_key: own } = message
    const keyed = own === undefined ? batchKey : { key: requireKey(own), caller: caller.id }
    return { publication: keyed ? withKey(publication, keyed) : publication }
  } catch (error) {
    if (error instanceof Problem) return { problem: error }
    throw error
  }
}

function describe(
  { channel }: Publication,
  result: PublishResult | undefined,
): Static<typeof Published> | ProblemDetails {
  if (!result || 'problem' in result) return publishProblem(result).toJSON()
  return { channel, ...result }
}
