import { isUtf8 } from 'node:buffer'
import { Problem } from './problems.js'

/**
 * Parses bytes as JSON (RFC 8259: in UTF-8).
 * @throws Problem `invalid-json`
 */
export function requireJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new Problem('invalid-json', 'The body is not valid JSON: it is not UTF-8.')
  if (isTooDeep(bytes)) throw new Problem('invalid-json', `The JSON is nested more than ${MAX_DEPTH} levels deep.`)
  try {
    return JSON.parse(bytes.toString())
  } catch (cause) {
    throw new Problem('invalid-json', `The body is not valid JSON: ${(cause as Error).message}.`, {}, { cause })
  }
}

/** RFC 8259 section 9 allows the limit; far below it many parsers of those who listen run out of stack. */
const MAX_DEPTH = 1000

const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from('"\\[]{}')

function isTooDeep(bytes: Buffer): boolean {
  if (bytes.length <= MAX_DEPTH) return false // each level is a byte at least
  let depth = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) {
      inString = true
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) return true
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth--
    }
  }
  return false
}
