import type { TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { closestMatch } from 'leven'
import { shown } from '../messages/name-faults.js'

/**
 * What is wrong with a JSON value that must be an object of the schema, in a sentence for the client that sent it: which
 * member, what it is and what it must be. `what` begins the sentence, for example "Message 2".
 */
export function describeMemberFault(schema: TObject, value: unknown, what: string): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `${what} must be a JSON object, not ${kindOf(value)}. ${membersOf(schema)}`
  const members = value as Readonly<Record<string, unknown>> // checked above
  const unknown = Object.keys(members).find(name => !(name in schema.properties))
  if (unknown !== undefined) return `${what} has an unknown member ${shown(unknown)}. ${suggestion(unknown, schema)}`
  const missing = (schema.required ?? []).find(name => members[name] === undefined)
  if (missing !== undefined) return `${what} has no "${missing}". ${membersOf(schema)}`
  for (const [name, property] of Object.entries(schema.properties))
    if (members[name] !== undefined && !Value.Check(property, members[name]))
      return `The member "${name}" of ${lower(what)} must be ${expected(property)}, not ${kindOf(members[name])}.`
  return `${what} is not valid. ${membersOf(schema)}`
}

function suggestion(name: string, schema: TObject): string {
  const meant =
    name.length > MAX_NAME ? undefined : closestMatch(name, Object.keys(schema.properties), { maxDistance: 2 })
  return meant === undefined ? membersOf(schema) : `Did you mean "${meant}"?`
}

const MAX_NAME = 40

function membersOf({ properties, required = [] }: TObject): string {
  const names = Object.keys(properties).map(name => `"${name}"${required.includes(name) ? '' : ' (optional)'}`)
  return `It has these members: ${names.join(', ')}.`
}

function expected(schema: TSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  const choices: TSchema[] = schema.anyOf ?? []
  if (choices.length > 0) return choices.map(expected).join(' or ')
  if (schema.type === 'array') return `an array of 1 to ${schema.maxItems ?? 'any number of'} items`
  const { minimum, maximum, maxLength } = schema
  const range = minimum !== undefined && maximum !== undefined ? ` from ${minimum} to ${maximum}` : ''
  const length = maxLength === undefined ? '' : ` of at most ${maxLength} characters`
  return `${/^[aeio]/.test(schema.type) ? 'an' : 'a'} ${schema.type}${range}${length}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'string') return `the string ${shown(value)}`
  return String(value)
}

const lower = (text: string): string => text[0]?.toLowerCase() + text.slice(1)
