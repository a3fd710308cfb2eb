import { isReservedEventType, type NameProblem, RESERVED_EVENT_TYPES, RESERVED_PREFIX } from './names.js'

/**
 * What is wrong with a name, in a sentence for the client that sent it: which name, which character, and what is allowed.
 */
export function describeNameFault(problem: NameProblem, name: string): string {
  switch (problem) {
    case 'reserved-channel':
      return `The name ${shown(name)} starts with "${RESERVED_PREFIX}", which is reserved for the gateways.`
    case 'invalid-channel':
      return `Channel name ${fault(name, CHANNEL)}`
    case 'invalid-pattern':
      return `Pattern ${fault(name, PATTERN)}`
    case 'invalid-event-type':
      return `Event type ${isReservedEventType(name) ? `${shown(name)} is reserved: the gateway sends ${RESERVED} itself.` : fault(name, EVENT_TYPE)}`
  }
}

interface Rule {
  readonly allowed: string
  /** Where the first character stands that is not allowed, from 0; -1 if none is. */
  find(name: string): number
  /** What is wrong if all characters are allowed. */
  readonly otherwise: string
}

const MAX_LENGTH = 128
const RESERVED = RESERVED_EVENT_TYPES.join(', ')

const CHANNEL: Rule = {
  allowed: 'Use letters, digits and . _ : - only.',
  find: name => name.search(/[^A-Za-z0-9._:-]/),
  otherwise: 'must start with a letter or a digit.',
}

const PATTERN: Rule = {
  allowed: 'Use the characters of channel names, * and ?, and classes such as [abc], [a-f] or [^a].',
  find: name => name.search(/[^A-Za-z0-9._:*?[\]^-]/),
  otherwise: 'has a class that is empty, not closed or malformed. Classes look like [abc], [a-f] or [^a].',
}

const EVENT_TYPE: Rule = {
  allowed: 'Use visible ASCII characters without spaces.',
  find: name => name.search(/[^!-~]/),
  otherwise: 'is not allowed.',
}

function fault(name: string, { allowed, find, otherwise }: Rule): string {
  if (name === '') return 'is empty. Use 1 to 128 characters.'
  if (name.length > MAX_LENGTH)
    return `${shown(name)} has ${name.length} characters; at most ${MAX_LENGTH} are allowed.`
  const at = find(name)
  if (at === -1) return `${shown(name)} ${otherwise}`
  const character = String.fromCodePoint(name.codePointAt(at) as number) // there is one
  return `${shown(name)} contains an invalid character (${shown(character)} at position ${at + 1}). ${allowed}`
}

const MAX_SHOWN = 64

/** A text as JSON writes it, cut after 64 characters. Characters that are invisible or change the direction are escaped. */
export const shown = (text: string): string =>
  JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text).replace(INVISIBLE, escaped)

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const escaped = (character: string): string =>
  character
    .split('') // UTF-16 code units, as JSON escapes them
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
