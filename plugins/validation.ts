import type { FastifyError, FastifyRequest } from 'fastify'
import { closestMatch } from 'leven'
import { shown } from '../src/messages/name-faults.js'
import type { NameProblem } from '../src/messages/names.js'
import { nameProblem, Problem } from '../src/protocol/problems.js'

/** Names have problem types of their own, wherever they stand. */
const NAMES: Readonly<Record<string, NameProblem>> = {
  channel: 'invalid-channel',
  pattern: 'invalid-pattern',
  event: 'invalid-event-type',
}

/** The problem with a query parameter that does not have the form of its schema: which one, its value and what it must be. */
export function validationProblem(error: FastifyError, request: FastifyRequest): Problem {
  const [fault] = error.validation ?? []
  if (!fault) return new Problem('invalid-request', `${error.message}.`)
  const [, field = '', index] = fault.instancePath.split('/')
  const given = (request.query as Readonly<Record<string, unknown>>)[field] // only queries are held to a schema
  const value = Array.isArray(given) && index !== undefined ? given[Number(index)] : given
  const name = NAMES[field]
  if (name && typeof value === 'string') return nameProblem(name, value)
  const is = Array.isArray(value) ? 'is repeated' : `is ${shown(String(value))}`
  return new Problem('invalid-request', `The query parameter "${field}" ${is}; it must be ${demand(fault, value)}.`)
}

/** What a rule of JSON Schema asks for. Patterns are for programs: no client is shown one. */
function demand({ keyword, params }: Fault, value: unknown): string {
  switch (keyword) {
    case 'minimum':
      return `at least ${params.limit}`
    case 'maximum':
      return `at most ${params.limit}`
    case 'exclusiveMinimum':
      return `greater than ${params.limit}`
    case 'maxLength':
      return `at most ${params.limit} characters long`
    case 'type':
      return Array.isArray(value) ? `one ${params.type}` : `of type ${params.type}`
    case 'const':
      return JSON.stringify(params.allowedValue)
    case 'enum':
      return choice(params.allowedValues as readonly string[], value) // ours are strings
    default:
      return 'in the form that openapi.yaml describes'
  }
}

type Fault = NonNullable<FastifyError['validation']>[number]

function choice(allowed: readonly string[], value: unknown): string {
  const one = allowed.map(each => JSON.stringify(each)).join(' or ')
  const meant =
    typeof value === 'string' && value.length < MAX_VALUE ? closestMatch(value, allowed, { maxDistance: 2 }) : undefined
  return meant === undefined || allowed.length === 1 ? one : `${one} (did you mean "${meant}"?)`
}

const MAX_VALUE = 40
