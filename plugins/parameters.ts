import type { FastifyRequest, preValidationHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { closestMatch } from 'leven'
import { Problem } from '../src/protocol/problems.js'
import { LogBudget } from '../src/telemetry/log-budget.js'

/** The query of a request before its schema is applied: text, or a list of texts where a parameter is repeated. */
type Query = Record<string, string | string[]>

interface QuerySchema {
  readonly properties: Record<string, { readonly type?: string }>
}

/**
 * Query parameters, as far as a schema cannot judge them.
 *
 * - A call refuses a parameter that it does not know, and suggests the one that was probably meant.
 * - A stream ignores it: an `EventSource` gives up for good on any answer but 200, and what polyfills and cache busters add
 *   is not up to the page. A typo is logged.
 * - Numbers are decimal. Ajv would also take `0x10`, and `Infinity` after it has checked the bounds. Only one that need not
 *   be an integer may have an exponent: most languages write 0.00005 as `5e-05`.
 */
export const parameters = fp(
  async app => {
    const budget = new LogBudget(LINES_PER_SECOND)
    app.addHook('onRoute', route => {
      const schema = route.schema?.querystring as QuerySchema | undefined // all our schemas are objects
      if (!schema) return
      const numbers = new Map(
        Object.entries(schema.properties).flatMap(([name, { type = '' }]) => {
          const form = NUMBERS[type]
          return form ? [[name, form]] : []
        }),
      )
      const known: Known = { names: Object.keys(schema.properties), numbers }
      const isStream = route.config?.stream === true || route.config?.webSocket === true
      const check: preValidationHookHandler = (request, _reply, done) => {
        const query = request.query as Query // nothing has been converted yet
        const problem = isStream ? undefined : unknownParameter(query, known)
        if (isStream) {
          const typo = adapt(request, known)
          if (typo && budget.take()) request.log.warn({ ...typo, route: route.url }, IGNORED)
        }
        done(problem ?? notDecimal(query, known))
      }
      route.preValidation = [check, ...[route.preValidation ?? []].flat()]
    })
  },
  { name: 'carillon-parameters' },
)

const LINES_PER_SECOND = 1
const IGNORED = 'a stream ignored an unknown query parameter that may be a typing mistake'

interface Known {
  readonly names: readonly string[]
  /** How the value of a parameter that is a number is written. */
  readonly numbers: ReadonlyMap<string, RegExp>
}

const NUMBERS: Readonly<Record<string, RegExp>> = {
  integer: /^-?\d+(?:\.\d+)?$/,
  number: /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
}

function notDecimal(query: Query, { numbers }: Known): Problem | undefined {
  if (numbers.size === 0) return undefined
  for (const [name, value] of Object.entries(query)) {
    const form = numbers.get(name)
    if (!form || typeof value !== 'string') continue // a repeated parameter is left to the schema
    if (!form.test(value) || !Number.isFinite(Number(value)))
      return new Problem('invalid-request', `The value of "${name}" is ${shown(value)}, which is not a decimal number.`)
  }
  return undefined
}

function unknownParameter(query: Query, { names }: Known): Problem | undefined {
  const name = Object.keys(query).find(each => !names.includes(each))
  if (name === undefined) return undefined
  const meant = closest(name, names)
  const known = names.map(each => `"${each}"`).join(', ')
  const has = known === '' ? 'no query parameters' : `the query parameters ${known}`
  const advice = meant === undefined ? `This call has ${has}.` : `Did you mean "${meant}"?`
  return new Problem('invalid-request', `Unknown query parameter ${shown(name)}. ${advice}`)
}

/**
 * Leaves in the query what a stream knows, and its cursor under the one name that the schema has. Returns an unknown
 * parameter that is nearly a known one.
 */
function adapt(request: FastifyRequest, { names }: Known): { parameter: string; closest: string } | undefined {
  const entries = Object.entries(request.query as Query)
  const others = entries.filter(([name]) => !names.includes(name) || name === CURSOR)
  if (others.length === 0) return undefined
  // A polyfill adds its parameter again each time it reconnects.
  const cursor = others.flatMap(([name, value]) => (isCursor(name) ? value : [])).findLast(text => text !== '')
  const known = entries.filter(([name]) => names.includes(name) && name !== CURSOR)
  if (cursor !== undefined && names.includes(CURSOR)) known.push([CURSOR, cursor])
  request.query = Object.fromEntries(known)
  for (const [parameter] of others.slice(0, MAX_LOOKED_AT)) {
    const meant = isCursor(parameter) ? undefined : closest(parameter, names)
    if (meant !== undefined) return { parameter, closest: meant }
  }
  return undefined
}

const CURSOR = 'lastEventId'

/** `lastEventId` in any spelling, and `evs_last_event_id` of one polyfill. `last_event_id` is a parameter of our own. */
const isCursor = (name: string): boolean => name !== 'last_event_id' && CURSORS.has(plain(name))

const CURSORS: ReadonlySet<string> = new Set(['lasteventid', 'evslasteventid'])

/** The known parameter that the name is nearly like; undefined when there is none. */
function closest(name: string, names: readonly string[]): string | undefined {
  if (name.length > MAX_NAME) return undefined
  const alike = names.find(each => plain(each) === plain(name))
  return alike ?? closestMatch(name.toLowerCase(), names, { maxDistance: MAX_MISTAKES })
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '')

const MAX_NAME = 40
const MAX_MISTAKES = 2
/** Comparing costs more than all else here, and a client may send a thousand parameters. */
const MAX_LOOKED_AT = 10

const shown = (text: string): string => JSON.stringify(text.length > MAX_NAME ? `${text.slice(0, MAX_NAME)}…` : text)
