import { Problem } from '../protocol/problems.js'

/** The headers of a request, with names in lower case. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>> & {
  readonly 'content-type'?: string | undefined
}

const STRUCTURED = 'application/cloudevents+json'
const REQUIRED = ['specversion', 'id', 'source', 'type'] as const

/**
 * The type of a CloudEvent 1.0 that comes in binary or structured mode (HTTP protocol binding, sections 3.1 and 3.2);
 * undefined for a request that is no CloudEvent. `type` is its media type, and `value` its body where that is JSON.
 * @throws Problem `invalid-request` for an event that lacks a required attribute
 */
export function cloudEventType(headers: Headers, type: string, value: unknown): string | undefined {
  if (headers['ce-specversion'] !== undefined) return typeOf(name => decoded(headers[`ce-${name}`]), 'header ce-')
  if (type !== STRUCTURED) return undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Problem('invalid-request', `A body of type ${STRUCTURED} must be a JSON object.`)
  return typeOf(name => (value as Readonly<Record<string, unknown>>)[name], 'member ') // it is an object
}

function typeOf(attribute: (name: string) => unknown, place: string): string {
  for (const name of REQUIRED)
    if (typeof attribute(name) !== 'string' || attribute(name) === '')
      throw new Problem('invalid-request', `The CloudEvent has no "${name}" (${place}${name}).`)
  const version = attribute('specversion') as string // checked above
  if (version !== '1.0')
    throw new Problem('invalid-request', `The CloudEvent has specversion ${JSON.stringify(version)}; it must be "1.0".`)
  return attribute('type') as string // checked above
}

/** Section 3.1.3.2: the values of headers are percent-encoded. */
function decoded(value: string | readonly string[] | undefined): string | undefined {
  const text = one(value)
  try {
    return text && decodeURIComponent(text)
  } catch {
    return text
  }
}

const one = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : value?.[0]
