import { setTimeout as pause } from 'node:timers/promises'
import { CommandError, EXIT, MAX_SECONDS, readArguments, readNumber } from './command.js'
import { isRecord, REMOTE_HELP, REMOTE_OPTIONS, Remote } from './remote.js'
import { hasColours, jsonLine, oneLine, painter } from './terminal.js'

export const help = `Lists the channels that have subscribers now.

Usage: carillon channels [PATTERN] [options]

Prints a table on a terminal, and one JSON object per line in a pipe. SUBSCRIBERS counts connections to Redis, where each
gateway is one. LISTENERS counts the clients of all gateways.

  --watch           refresh until Ctrl-C
  --every SECONDS   refresh interval with --watch; default: 2
${REMOTE_HELP}
Examples:
  carillon channels
  carillon channels 'chat:*' --watch
  carillon channels | jq -r 'select(.listeners == 0) | .channel'
`

interface Row {
  channel: string
  subscribers: number
  listeners: number
}

interface Page {
  channels: Row[]
  next?: string
  unanswered?: number
}

const isRow = (value: unknown): value is Row =>
  isRecord(value) &&
  typeof value.channel === 'string' &&
  typeof value.subscribers === 'number' &&
  typeof value.listeners === 'number'

const isPage = (value: unknown): value is Page =>
  isRecord(value) &&
  Array.isArray(value.channels) &&
  value.channels.every(isRow) &&
  ['string', 'undefined'].includes(typeof value.next) &&
  ['number', 'undefined'].includes(typeof value.unanswered)

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments('channels', args, {
    watch: { type: 'boolean' },
    every: { type: 'string' },
    ...REMOTE_OPTIONS,
  })
  if (values.help) {
    process.stdout.write(help)
    return EXIT.done
  }
  const [pattern = '*', ...more] = positionals
  if (more.length > 0)
    throw new CommandError(EXIT.usage, 'One pattern only; put quotes around it, or the shell expands it.')
  const every = readNumber('channels', '--every', values.every, MAX_SECONDS) ?? 2
  const remote = new Remote(values)
  const isTerminal = process.stdout.isTTY === true
  for (;;) {
    const { rows, unanswered } = await list(remote, pattern)
    if (isTerminal) {
      // Back to the upper left corner, and nothing left below: less flicker than an empty screen in between.
      const home = values.watch ? '\x1b[H\x1b[J' : ''
      process.stdout.write(home + table(rows, pattern))
      if (unanswered > 0) console.error(`${unanswered} of the gateways did not answer: listeners may be too low.`)
    } else {
      for (const row of rows) process.stdout.write(`${jsonLine(JSON.stringify(row))}\n`)
    }
    if (!values.watch) return EXIT.done
    await pause(every * 1000)
  }
}

async function list(remote: Remote, pattern: string): Promise<{ rows: Row[]; unanswered: number }> {
  const rows: Row[] = []
  let unanswered = 0
  let after: string | undefined
  do {
    const query = new URLSearchParams({ pattern, counts: 'true', limit: '1000', ...(after !== undefined && { after }) })
    const page = await remote.askJson(`/channels?${query}`, isPage)
    rows.push(...page.channels)
    unanswered = Math.max(unanswered, page.unanswered ?? 0)
    after = page.next
  } while (after !== undefined)
  return { rows, unanswered }
}

function table(rows: readonly Row[], pattern: string): string {
  const paint = painter(hasColours(process.stdout))
  if (rows.length === 0) return `${paint('dim', `No channel that matches ${oneLine(pattern)} has listeners.`)}\n`
  const names = rows.map(({ channel }) => oneLine(channel))
  const width = names.reduce((longest, { length }) => Math.max(longest, length), 'CHANNEL'.length)
  const line = (channel: string, subscribers: string, listeners: string) =>
    `${channel.padEnd(width)}  ${subscribers.padStart(11)}  ${listeners.padStart(9)}`
  const head = paint('bold', line('CHANNEL', 'SUBSCRIBERS', 'LISTENERS'))
  const body = rows.map(({ subscribers, listeners }, i) => line(names[i] ?? '', `${subscribers}`, `${listeners}`))
  return `${[head, ...body].join('\n')}\n`
}
