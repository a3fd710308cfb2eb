import type { Publication } from '../messages/message.js'
import { channelProblem, type NameProblem, patternProblem } from '../messages/names.js'
import { requireJson } from '../protocol/json.js'
import { nameProblem, Problem } from '../protocol/problems.js'
import { checkPublication } from '../publishing/publication.js'

/** A command of Upstash's protocol that is spoken here. */
export type UpstashCommand =
  | { readonly name: 'publish'; readonly publication: Publication }
  | { readonly name: 'channels'; readonly glob: string }
  | { readonly name: 'numsub'; readonly channels: readonly string[] }
  | { readonly name: 'numpat' }
  /** Also a ping with a text. */
  | { readonly name: 'echo'; readonly data: Buffer }

type Arguments = readonly Buffer[]

/**
 * The arguments in the body of a `POST`: `["PUBLISH", "news", "hello"]`.
 * @throws Problem `invalid-json`, `invalid-request`
 */
export function argumentsFromBody(body: Buffer): Arguments {
  return argumentsFromJson(jsonFrom(body, 'command'))
}

/**
 * The commands in the body of a pipeline, not yet read.
 * @throws Problem `invalid-json`, `invalid-request`
 */
export function pipelineFromBody(body: Buffer): unknown[] {
  const value = jsonFrom(body, 'pipeline request')
  if (!Array.isArray(value) || value.length === 0 || !value.every(Array.isArray))
    throw new Problem('invalid-request', 'failed to parse pipeline request: send [["PUBLISH","news","hello"], …]')
  return value
}

function jsonFrom(body: Buffer, what: string): unknown {
  try {
    return requireJson(body)
  } catch (cause) {
    throw new Problem('invalid-json', `failed to parse ${what}: it is not JSON in UTF-8`, {}, { cause })
  }
}

/** @throws Problem `invalid-request` */
export function argumentsFromJson(value: unknown): Arguments {
  if (!Array.isArray(value))
    throw new Problem('invalid-request', 'failed to parse command: send ["PUBLISH","news","hello"]')
  return value.map(argument => {
    if (typeof argument === 'number' || typeof argument === 'boolean') return Buffer.from(`${argument}`)
    if (typeof argument !== 'string')
      throw new Problem('invalid-request', 'failed to parse command: arguments are strings, numbers or booleans')
    // Half of a surrogate pair would become another character on the way.
    if (!argument.isWellFormed())
      throw new Problem('invalid-request', 'failed to parse command: an argument has half a surrogate pair')
    return Buffer.from(argument)
  })
}

/**
 * The arguments in a path, as it came: `publish/news/hello`. Where there is a body it is the last of them, byte for byte.
 * @param depth how many of the path's segments stand before them
 */
export function argumentsFromPath(url: string, depth: number, body: Buffer | undefined): Arguments {
  const path = url.split('?', 1)[0] ?? ''
  const segments = path.split('/').slice(depth)
  const decoded = segments.map(segment => Buffer.from(decodeURIComponent(segment))) // it decodes, or it had found no route
  return body === undefined || body.length === 0 ? decoded : [...decoded, body]
}

/** @throws Problem, whose detail goes on after `ERR` */
export function readCommand([first, ...rest]: Arguments): UpstashCommand {
  const name = first?.toString().toLowerCase() ?? ''
  switch (name) {
    case 'publish':
      return { name, publication: readPublish([first as Buffer, ...rest]) } // it is there: it is the name
    case 'ping':
      if (rest.length > 1) throw wrongNumber(name)
      return { name: 'echo', data: rest[0] ?? PONG }
    case 'echo': {
      const [data] = exactly(1, rest, name)
      return { name, data }
    }
    case 'pubsub':
      return readPubsub(rest)
    case 'subscribe':
    case 'psubscribe':
      throw new Problem('invalid-request', `${name} is a request of its own: /${name}/news, with the names in the path`)
    case '':
      throw new Problem('invalid-request', 'empty command')
    default:
      throw new Problem('invalid-request', `unknown command '${name.slice(0, 64)}': ${SPOKEN}`)
  }
}

/** @throws Problem */
export function readPublish([, ...rest]: Arguments): Publication {
  const [channel, data] = exactly(2, rest, 'publish')
  return checkPublication({ channel: `${channel}`, data })
}

const PONG = Buffer.from('PONG')
const SPOKEN =
  'of the commands of Redis, PUBLISH, SUBSCRIBE, PSUBSCRIBE, PUBSUB, PING and ECHO are supported here, and no others'

function readPubsub([first, ...rest]: Arguments): UpstashCommand {
  const name = first?.toString().toLowerCase() ?? ''
  switch (name) {
    case 'channels': {
      if (rest.length > 1) throw wrongNumber('pubsub|channels')
      const glob = rest[0]?.toString() ?? '*'
      requireNames(patternProblem, [glob])
      return { name, glob }
    }
    case 'numsub': {
      const channels = rest.map(String)
      requireNames(channelProblem, channels)
      return { name, channels }
    }
    case 'numpat':
      if (rest.length > 0) throw wrongNumber('pubsub|numpat')
      return { name }
    case '':
      throw wrongNumber('pubsub')
    default:
      throw new Problem(
        'invalid-request',
        `unknown subcommand '${name.slice(0, 64)}' of pubsub: CHANNELS, NUMSUB, NUMPAT`,
      )
  }
}

function requireNames(problemOf: (name: string) => NameProblem | undefined, names: readonly string[]): void {
  for (const name of names) {
    const problem = problemOf(name)
    if (problem) throw nameProblem(problem, name)
  }
}

/** @throws Problem */
function exactly(count: 1, args: Arguments, name: string): [Buffer]
function exactly(count: 2, args: Arguments, name: string): [Buffer, Buffer]
function exactly(count: number, args: Arguments, name: string): Arguments {
  if (args.length !== count) throw wrongNumber(name)
  return args
}

const wrongNumber = (command: string): Problem =>
  new Problem('invalid-request', `wrong number of arguments for '${command}' command`)
