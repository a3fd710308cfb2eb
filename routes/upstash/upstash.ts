import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { httpPublisher } from '../../plugins/access/publisher.js'
import { answer, isForeign } from '../../plugins/problems.js'
import { requireAllowedWithin, WorkBudget } from '../../src/access/authorization.js'
import type { Caller } from '../../src/access/caller.js'
import type { Gateway } from '../../src/gateway.js'
import type { Work } from '../../src/messages/glob-cover.js'
import { toJson } from '../../src/messages/json-text.js'
import { channelTopic, patternTopic } from '../../src/messages/topic.js'
import { Problem } from '../../src/protocol/problems.js'
import type { Publisher } from '../../src/publishing/publishing.js'
import { type UpstashAnswer, upstashAnswer, upstashError } from '../../src/upstash/answers.js'
import {
  argumentsFromBody,
  argumentsFromJson,
  argumentsFromPath,
  pipelineFromBody,
  readCommand,
  readPublish,
  type UpstashCommand,
} from '../../src/upstash/commands.js'
import { executeAll, requireAllowedCommand } from '../../src/upstash/execute.js'
import { commandSchema, hidden, pipelineSchemas } from './schemas.js'
import { streamUpstash } from './upstash-stream.js'

const ERROR = {
  mediaType: 'application/json; charset=utf-8',
  text: (problem: Problem) => toJson(upstashError(problem)),
}

/** The pub/sub part of Upstash's REST protocol. */
export const upstash: FastifyPluginAsyncTypebox<{ gateway: Gateway }> = async (app, { gateway }) => {
  const { publishing, config, counters } = gateway
  const bodyLimit = Math.max(config.MAX_BATCH_BYTES, config.MAX_MESSAGE_BYTES)
  const isEmbedded = app.prefix !== ''
  app.setReplySerializer(toJson)
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (isEmbedded && isForeign(error)) throw error
    return answer(error, request, reply, ERROR)
  })

  const publisherOf = (request: FastifyRequest, work: Work): Publisher =>
    httpPublisher(request, 'upstash', channel =>
      requireAllowedWithin(work, request.caller, 'publish', [channelTopic(channel)]),
    )

  const charge = (publisher: Publisher, reply: FastifyReply, publishes: number): void => {
    const rate = publishes === 0 ? undefined : publishing.charge(publisher, publishes)
    if (rate) reply.headers(rate)
  }

  /** @throws Problem for a command that cannot be read, or that the caller may not give */
  const read = (publisher: Publisher, caller: Caller, args: readonly Buffer[], work: Work): UpstashCommand => {
    if (isPublish(args))
      return { name: 'publish', publication: publishing.admit(publisher, () => ({ publication: readPublish(args) })) }
    const command = readCommand(args)
    requireAllowedCommand(caller, command, work)
    return command
  }

  const one = async (request: FastifyRequest, reply: FastifyReply, args: readonly Buffer[]): Promise<UpstashAnswer> => {
    const base64 = wantsBase64(request)
    const { caller } = request
    const work = new WorkBudget()
    const publisher = publisherOf(request, work)
    if (isPublish(args)) charge(publisher, reply, 1)
    const command = read(publisher, caller, args, work)
    const [outcome = new Problem('internal-error')] = await executeAll(gateway, caller, publisher, [command])
    if (outcome instanceof Problem) throw outcome
    return upstashAnswer(outcome, base64)
  }

  app.post('/upstash', { schema: commandSchema, bodyLimit, config: { access: 'known' } }, (request, reply) =>
    one(request, reply, argumentsFromBody(bodyOf(request) ?? Buffer.alloc(0))),
  )

  app.route({
    method: ['GET', 'POST'],
    url: '/upstash/*',
    schema: hidden,
    bodyLimit,
    exposeHeadRoute: false,
    config: { access: 'known' },
    handler: (request, reply) => {
      const args = pathArguments(request, bodyOf(request))
      requireDeliberate(request, args)
      return one(request, reply, args)
    },
  })

  for (const path of ['pipeline', 'multi-exec'] as const)
    app.post(
      `/upstash/${path}`,
      { schema: pipelineSchemas[path], bodyLimit, config: { access: 'known' } },
      async (request, reply) => {
        const base64 = wantsBase64(request)
        const lines = pipelineFromBody(bodyOf(request) ?? Buffer.alloc(0))
        if (lines.length > config.MAX_BATCH_MESSAGES)
          throw new Problem('invalid-request', `a pipeline has at most ${config.MAX_BATCH_MESSAGES} commands`)
        const { caller } = request
        const work = new WorkBudget()
        const publisher = publisherOf(request, work)
        const given = lines.map(line => orProblem(() => argumentsFromJson(line)))
        charge(publisher, reply, given.filter(args => !(args instanceof Problem) && isPublish(args)).length)
        const commands = given.map(args =>
          args instanceof Problem ? args : orProblem(() => read(publisher, caller, args, work)),
        )
        const mistake = commands.find(command => command instanceof Problem)
        if (path === 'multi-exec' && mistake instanceof Problem) {
          counters.refusePublish('upstash', mistake.type, countPublishes(commands))
          throw discarded(mistake)
        }
        const outcomes = await executeAll(gateway, caller, publisher, commands)
        return outcomes.map(outcome => upstashAnswer(outcome, base64))
      },
    )

  for (const [path, topicOf] of [
    ['subscribe', channelTopic],
    ['psubscribe', patternTopic],
  ] as const)
    app.route({
      method: ['GET', 'POST'],
      url: `/upstash/${path}/*`,
      schema: hidden,
      exposeHeadRoute: false,
      config: { access: 'subscribe', stream: 'socket' },
      handler: async (request, reply) => {
        // What is in the body of a POST is none of the arguments: its client sends `[]`.
        const names = pathArguments(request, undefined).slice(1)
        await streamUpstash(gateway, request, reply, names.map(String).map(topicOf))
      },
    })
}

const isPublish = ([name]: readonly Buffer[]): boolean => name?.toString().toLowerCase() === 'publish'

const countPublishes = (commands: readonly (UpstashCommand | Problem)[]): number =>
  commands.filter(command => !(command instanceof Problem) && command.name === 'publish').length

const bodyOf = ({ body }: FastifyRequest) => body as Buffer | undefined // as plugins/http/bodies.ts leaves it

/** From the path as it came: decoded, a slash in an argument would be one between two. */
function pathArguments({ url, routeOptions }: FastifyRequest, body: Buffer | undefined): readonly Buffer[] {
  const star = /\/(?:p?subscribe\/)?\*$/.exec(routeOptions.url ?? '')
  const depth = (routeOptions.url ?? '').slice(0, star?.index).split('/').length
  return argumentsFromPath(url, depth, body)
}

/**
 * A page can have any browser ask for a URL, with its cookies: a `GET` that publishes shows that it comes from no link.
 * @throws Problem `unauthenticated`
 */
function requireDeliberate({ method, headers }: FastifyRequest, [command]: readonly Buffer[]): void {
  if (method !== 'GET' || headers.authorization !== undefined || command?.toString().toLowerCase() !== 'publish') return
  throw new Problem(
    'unauthenticated',
    'to publish by GET, send an Authorization header (any, where there are no rules)',
  )
}

/** @throws Problem for an answer in a form that is not spoken here */
function wantsBase64({ headers }: FastifyRequest): boolean {
  const { 'upstash-response-format': format = 'json', 'upstash-encoding': encoding } = headers
  if (format !== 'json') throw new Problem('invalid-request', 'the only Upstash-Response-Format here is json')
  if (encoding !== undefined && encoding !== 'base64')
    throw new Problem('invalid-request', 'the only Upstash-Encoding here is base64')
  return encoding === 'base64'
}

function orProblem<Value>(read: () => Value): Value | Problem {
  try {
    return read()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

/** Of a transaction all commands are taken, or none. */
const discarded = (mistake: Problem): Problem =>
  new Problem(mistake.type, `EXECABORT Transaction discarded because of: ${mistake.message}`, mistake.headers)
