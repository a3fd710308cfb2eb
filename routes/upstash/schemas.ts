import { Type } from '@sinclair/typebox'
import type { FastifySchema } from 'fastify'
import { RATE_HEADERS, RETRY_AFTER } from '../problem-responses.js'
import { REQUEST_BODY } from '../schemas.js'

/** Upstash's REST protocol for `openapi.yaml`. docs/upstash.md describes which commands it has. */

const noQuery = Type.Object({}, { additionalProperties: false })

/** Wildcards match several segments of a path, which OpenAPI cannot describe. */
export const hidden = { hide: true, querystring: noQuery }

const UpstashResult = Type.Object(
  {
    result: Type.Unknown({
      description: 'The reply of Redis as JSON: a number, a text or a list.',
      examples: [1],
    }),
  },
  { title: 'UpstashResult', description: 'The result of a command.' },
)

const UpstashError = Type.Object(
  { error: Type.String({ description: 'An error in the form of Redis.', examples: ['NOPERM No right to publish.'] }) },
  { title: 'UpstashError', description: 'The error of a command.' },
)

const UpstashItem = Type.Object(
  {
    result: Type.Optional(Type.Unknown({ description: 'The reply of Redis, unless it failed.', examples: [1] })),
    error: Type.Optional(Type.String({ description: 'Why it failed.', examples: ["ERR unknown command 'get'"] })),
  },
  { title: 'UpstashItem', description: 'The result or the error of one command of a pipeline.' },
)

const UpstashHeaders = Type.Object({
  'upstash-encoding': Type.Optional(
    Type.String({ description: '`base64`: text in the answer is base64.', examples: ['base64'] }),
  ),
})

const Command = Type.Array(Type.Unknown(), {
  description: 'The name of a command and its arguments: texts, numbers, or JSON that is passed on as text.',
  minItems: 1,
  examples: [['PUBLISH', 'news', 'hello']],
})

const errors = {
  400: { ...UpstashError, description: 'The command is unknown or invalid.' },
  401: { ...UpstashError, description: 'The token is missing or invalid.' },
  403: { ...UpstashError, description: 'The token does not have the right.' },
  413: { ...UpstashError, description: 'The body is too large.' },
  415: { ...UpstashError, description: 'The body is compressed, or its type is malformed.' },
  429: {
    description: 'The rate is used up.',
    headers: { ...RETRY_AFTER, ...RATE_HEADERS },
    content: { 'application/json': { schema: UpstashError } },
  },
  500: { ...UpstashError, description: 'The gateway failed.' },
  503: { ...UpstashError, description: 'Redis is unavailable.' },
}

const described = (operationId: string, summary: string, description: string) => ({
  operationId,
  tags: ['upstash'],
  summary,
  description,
  querystring: noQuery,
})

const body = (description: string, schema: typeof Command | ReturnType<typeof Type.Array>, example: unknown) => ({
  [REQUEST_BODY]: { description, required: true, content: { 'application/json': { schema, example } } },
})

export const commandSchema: FastifySchema = {
  ...described('upstashCommand', 'Run one command', 'One command of the pub/sub part of Upstash’s REST protocol.'),
  headers: UpstashHeaders,
  ...body('The command.', Command, ['PUBLISH', 'news', 'hello']),
  response: { 200: UpstashResult, ...errors },
}

const commands = body('The commands.', Type.Array(Command, { maxItems: 1000 }), [
  ['PUBLISH', 'news', 'hello'],
  ['PUBLISH', 'sport', '2:1'],
])

export const pipelineSchemas: Record<'pipeline' | 'multi-exec', FastifySchema> = {
  pipeline: {
    ...described(
      'upstashPipeline',
      'Run several commands',
      'They run in order, each with a result or an error of its own.',
    ),
    headers: UpstashHeaders,
    ...commands,
    response: { 200: Type.Array(UpstashItem, { description: 'In the order of the commands.' }), ...errors },
  },
  'multi-exec': {
    ...described(
      'upstashTransaction',
      'Run several commands, or none',
      'One invalid command discards all of them. It is not a `MULTI` of Redis: other messages may be published in between.',
    ),
    headers: UpstashHeaders,
    ...commands,
    response: { 200: Type.Array(UpstashItem, { description: 'In the order of the commands.' }), ...errors },
  },
}
