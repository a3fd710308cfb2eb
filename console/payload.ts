/* One message as text, JSON, hex or base64. All of it pure, and bounded. */

export const VIEWS = ['text', 'json', 'hex', 'base64'] as const
export type View = (typeof VIEWS)[number]
export type Data = string | Uint8Array<ArrayBuffer>

/** More of one message is not shown: it would freeze the page. */
const SHOWN = 64 * 1024
const HEX_SHOWN = 4 * 1024
/** Deeper levels are not indented further, or the text would grow with the square of the depth. */
const MAX_INDENTS = 40

export const bytesOf = (data: Data): Uint8Array => (typeof data === 'string' ? new TextEncoder().encode(data) : data)

/** The value, if the text is a JSON object or array: a lone number or word gains nothing. */
export function jsonOf(data: Data): unknown {
  if (typeof data !== 'string' || !/^\s*[[{]/.test(data)) return undefined
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

/** Which views there are for it, the one that suits it best first. */
export function viewsOf(data: Data): View[] {
  if (typeof data !== 'string') return ['hex', 'base64']
  return jsonOf(data) === undefined ? ['text', 'hex', 'base64'] : ['json', 'text', 'hex', 'base64']
}

export function show(data: Data, view: View): string {
  if (view === 'hex') return hexDump(bytesOf(data))
  if (view === 'base64') return cut(base64(bytesOf(data)))
  if (typeof data !== 'string') return hexDump(data)
  return cut(view === 'json' ? pretty(data) : data)
}

/**
 * Indented, with each number and string as it was written: a parse and a print would round the
 * numbers that JavaScript cannot hold.
 */
export function pretty(json: string): string {
  let depth = 0
  let out = ''
  const line = () => `\n${'  '.repeat(Math.min(depth, MAX_INDENTS))}`
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? []
  for (const [i, token] of tokens.entries()) {
    const next = tokens[i + 1]
    if (token === '{' || token === '[') {
      if (next === '}' || next === ']') out += token
      else {
        depth++
        out += token + line()
      }
    } else if (token === '}' || token === ']') {
      const previous = tokens[i - 1]
      if (previous !== '{' && previous !== '[') {
        depth--
        out += line()
      }
      out += token
    } else if (token === ',') out += token + line()
    else if (token === ':') out += ': '
    else out += token
  }
  return out
}

/** `00000000  48 65 6c 6c 6f …  |Hello…|`, as `hexdump -C` has it. */
export function hexDump(data: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(data.length, HEX_SHOWN); at += 16) {
    const row = [...data.subarray(at, at + 16)]
    const hex = row.map(byte => byte.toString(16).padStart(2, '0'))
    const ascii = row.map(byte => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${hex.join(' ').padEnd(47)}  |${ascii}|`)
  }
  if (data.length > HEX_SHOWN) lines.push(`… ${data.length - HEX_SHOWN} bytes more`)
  return lines.join('\n')
}

export function base64(data: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < data.length; at += 0x8000) binary += String.fromCharCode(...data.subarray(at, at + 0x8000))
  return btoa(binary)
}

/** The first of it in one line, for the list. */
export function preview(data: Data): string {
  if (typeof data === 'string') return data.slice(0, 300).replace(/\s+/g, ' ')
  return (
    [...data.subarray(0, 32)].map(byte => byte.toString(16).padStart(2, '0')).join(' ') + (data.length > 32 ? ' …' : '')
  )
}

const cut = (text: string): string =>
  text.length > SHOWN ? `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} characters more` : text

/** Splits JSON text, which may be cut short, into parts of one colour each. */
export function* tint(json: string): Generator<[kind: string, text: string]> {
  // Without the `?`, a string that is cut would be searched again from each quotation mark inside it.
  const rule = /("(?:[^"\\\n]|\\.)*"?)(\s*:)?|\b(true|false|null)\b|(-?\d[\d.eE+-]*)/g
  let at = 0
  for (const match of json.matchAll(rule)) {
    if (match.index > at) yield ['', json.slice(at, match.index)]
    const [all, string, colon, word] = match
    if (string !== undefined && colon !== undefined) {
      yield ['key', string]
      yield ['', colon]
    } else yield [string !== undefined ? 'string' : word !== undefined ? 'word' : 'number', all]
    at = match.index + all.length
  }
  if (at < json.length) yield ['', json.slice(at)]
}
