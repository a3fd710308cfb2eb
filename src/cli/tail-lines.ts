import type { Envelope, Item } from './followed-stream.js'
import { isRecord, parseJson } from './remote.js'
import { colourOf, jsonLine, oneLine, type Paint, painter, printable } from './terminal.js'

export type Style = 'terminal' | 'json' | 'raw'

export interface LineOptions {
  coloured: boolean
  now?: () => Date
}

/** The output for an item: text, or the bytes of the message for raw output. */
export function lineWriter(
  style: Style,
  { coloured, now = () => new Date() }: LineOptions,
): (item: Item) => string | Buffer {
  if (style === 'json') return ({ line }) => `${jsonLine(line)}\n`
  if (style === 'raw') return rawLine
  const paint = painter(coloured)
  return item => terminalLine(item, paint, now())
}

/** A gap is no message; it shows where people look. */
function rawLine({ kind, envelope }: Item): string | Buffer {
  if (kind === 'message') return Buffer.concat([bytesOf(envelope), Buffer.from('\n')])
  console.error(printable(`${kind}: ${envelope.data}`))
  return ''
}

const bytesOf = ({ data, encoding }: Envelope): Buffer => Buffer.from(data, encoding ?? 'utf8')

function terminalLine({ kind, envelope }: Item, paint: Paint, at: Date): string {
  const time = paint('dim', at.toTimeString().slice(0, 8))
  const name = envelope.channel ?? envelope.pattern ?? ''
  if (kind === 'gap') return `${time} ${paint('yellow', `── gap ${gapText(name, envelope.data)}`)}\n`
  if (kind === 'error') return `${time} ${paint('red', `── error ${oneLine(name)} ${errorText(envelope.data)}`)}\n`
  const event = envelope.event === undefined ? '' : ` ${paint('bold', oneLine(envelope.event))}`
  const { encoding, data } = envelope
  const text =
    encoding === 'base64' ? paint('dim', `${bytesOf(envelope).length} bytes ${oneLine(data)}`) : printable(data)
  return `${time} ${paint(colourOf(name), oneLine(name))}${event} ${text}\n`
}

function gapText(name: string, data: string): string {
  const { from, to, reason } = parse(data)
  const where = name === '' ? '' : `${oneLine(name)}: `
  const when = from === undefined ? '' : ` between ${clock(from)} and ${clock(to)}`
  return `${where}messages${when} may be missing (${oneLine(String(reason))})`
}

function errorText(data: string): string {
  const { title, detail } = parse(data)
  return oneLine(`${title}: ${detail}`)
}

function parse(data: string): Record<string, unknown> {
  const value = parseJson(data)
  return isRecord(value) ? value : {}
}

/** Local time, as the lines have it. */
function clock(time: unknown): string {
  const date = new Date(String(time))
  return Number.isNaN(date.getTime()) ? '?' : date.toTimeString().slice(0, 8)
}
