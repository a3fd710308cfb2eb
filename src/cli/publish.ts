import { buffer } from 'node:stream/consumers'
import { CommandError, EXIT, readArguments } from './command.js'
import { linesOf } from './lines.js'
import { isRecord, REMOTE_HELP, REMOTE_OPTIONS, Remote } from './remote.js'
import { hasColours, jsonLine, oneLine, painter } from './terminal.js'

export const help = `Publishes a message to a channel.

Usage: carillon publish CHANNEL [MESSAGE | -] [options]

The message is the argument, or standard input, byte for byte. The result goes to standard output: text on a
terminal, JSON in a pipe.

  --event TYPE           the event type that clients see
  --json                 the message is JSON; anything else is refused
  --lines                each line of standard input is a message, byte for byte; LF or CRLF ends a line
  --idempotency-key KEY  makes retries safe: a message with the same key is published once
${REMOTE_HELP}
Examples:
  carillon publish news hello
  carillon publish prices '{"eur":1.08}' --json --event price
  date | carillon publish news -
  journalctl -f -o cat | carillon publish logs - --lines
  carillon publish orders "$(cat order.json)" --json --idempotency-key order-4711

Exit codes: 0 published, 2 wrong usage, 3 refused, 4 not published (retry), 5 outcome unknown
(an idempotency key makes a retry safe).
`

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments('publish', args, {
    event: { type: 'string' },
    json: { type: 'boolean' },
    lines: { type: 'boolean' },
    'idempotency-key': { type: 'string' },
    ...REMOTE_OPTIONS,
  })
  if (values.help) {
    process.stdout.write(help)
    return EXIT.done
  }
  const [channel, message, ...more] = positionals
  if (channel === undefined) throw usage('Name a channel and a message, for example: carillon publish news hello')
  if (more.length > 0) throw usage('Put quotes around a message with spaces.')
  const isPiped = message === '-' || (message === undefined && !process.stdin.isTTY)
  if (message === undefined && !isPiped) throw usage("A message is missing. To publish an empty one, pass ''.")
  if (values.lines && !isPiped) throw usage('--lines reads standard input.')
  const key = values['idempotency-key']
  if (values.lines && key !== undefined) throw usage('--idempotency-key is for one message, and --lines sends many.')

  const remote = new Remote(values)
  const query = values.event === undefined ? '' : `?event=${encodeURIComponent(values.event)}`
  const path = `/channels/${encodeURIComponent(channel)}${query}`
  const headers = {
    'content-type': values.json ? 'application/json' : 'application/octet-stream',
    ...(key !== undefined && { 'idempotency-key': key }),
  }
  const publish = async (body: string | Buffer): Promise<void> => {
    report(await remote.askJson(path, isPublished, { method: 'POST', body, headers }))
  }
  if (values.lines) for await (const line of linesOf(process.stdin)) await publish(line)
  else await publish(isPiped ? await standardInput(message) : (message ?? ''))
  return EXIT.done
}

/** Without a message on the command line, empty input is more often a mistake in a script than a message. */
async function standardInput(message: string | undefined): Promise<Buffer> {
  const input = await buffer(process.stdin)
  if (input.length === 0 && message === undefined)
    throw usage("Standard input is empty. To publish an empty message, pass '' or -.")
  return input
}

interface Published {
  channel: string
  receivers: number
  replayed?: unknown
}

const isPublished = (value: unknown): value is Published =>
  isRecord(value) && typeof value.channel === 'string' && typeof value.receivers === 'number'

function report(published: Published): void {
  if (!process.stdout.isTTY) return void process.stdout.write(`${jsonLine(JSON.stringify(published))}\n`)
  const { channel, receivers, replayed } = published
  const paint = painter(hasColours(process.stdout))
  const heard =
    receivers === 0
      ? paint('yellow', 'no subscribers')
      : `received by ${receivers} Redis ${receivers === 1 ? 'connection' : 'connections'}`
  const done = replayed ? 'already published with this key' : 'published'
  process.stdout.write(`${paint('green', done)} to ${paint('bold', oneLine(channel))}: ${heard}\n`)
}

const usage = (message: string): CommandError =>
  new CommandError(EXIT.usage, `${message}\nTry: carillon publish --help`)
