import { buffer } from 'node:stream/consumers'
import { CommandError, EXIT, readArguments } from './command.js'
import { linesOf } from './lines.js'
import { isRecord, REMOTE_HELP, REMOTE_OPTIONS, Remote } from './remote.js'
import { hasColours, jsonLine, oneLine, painter } from './terminal.js'

export const help = `Publishes a message to a channel.

Usage: carillon publish CHANNEL [MESSAGE | -] [options]

The message is the argument, or standard input as it comes, byte for byte. What Redis answers goes to standard output:
words on a terminal, JSON in a pipe.

  --event TYPE      the event type that listeners see
  --json            the message is JSON; what is none is refused
  --lines           each line of standard input is a message, byte for byte; LF or CRLF ends a line
  --key KEY         an idempotency key: the same message with the same key is published once, however often it is sent
${REMOTE_HELP}
Examples:
  carillon publish news hello
  carillon publish prices '{"eur":1.08}' --json --event price
  date | carillon publish news -
  journalctl -f -o cat | carillon publish logs - --lines
  carillon publish orders "$(cat order.json)" --json --key order-4711

Exit codes: 0 published, 2 wrong use, 3 refused, 4 not published and worth another try, 5 nobody knows
(a --key makes another try safe).
`

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments('publish', args, {
    event: { type: 'string' },
    json: { type: 'boolean' },
    lines: { type: 'boolean' },
    key: { type: 'string' },
    ...REMOTE_OPTIONS,
  })
  if (values.help) {
    process.stdout.write(help)
    return EXIT.done
  }
  const [channel, message, ...more] = positionals
  if (channel === undefined) throw usage('Name a channel, and say what to publish.')
  if (more.length > 0) throw usage('A message with spaces needs quotes around it.')
  const isPiped = message === '-' || (message === undefined && !process.stdin.isTTY)
  if (message === undefined && !isPiped) throw usage("Say what to publish; an empty message is ''.")
  if (values.lines && !isPiped) throw usage('--lines reads standard input.')
  if (values.lines && values.key !== undefined) throw usage('One --key is for one message, and --lines are many.')

  const remote = new Remote(values)
  const query = values.event === undefined ? '' : `?event=${encodeURIComponent(values.event)}`
  const path = `/channels/${encodeURIComponent(channel)}${query}`
  const headers = {
    'content-type': values.json ? 'application/json' : 'application/octet-stream',
    ...(values.key !== undefined && { 'idempotency-key': values.key }),
  }
  const publish = async (body: string | Buffer): Promise<void> => {
    report(await remote.askJson(path, isPublished, { method: 'POST', body, headers }))
  }
  if (values.lines) for await (const line of linesOf(process.stdin)) await publish(line)
  else await publish(isPiped ? await buffer(process.stdin) : (message ?? ''))
  return EXIT.done
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
      ? paint('yellow', 'nobody listens there now')
      : `${receivers} ${receivers === 1 ? 'connection' : 'connections'} to Redis heard it`
  const done = replayed ? 'was published with this key before' : 'published'
  process.stdout.write(`${paint('green', done)} to ${paint('bold', oneLine(channel))}: ${heard}\n`)
}

const usage = (message: string): CommandError =>
  new CommandError(EXIT.usage, `${message}\nTry: carillon publish --help`)
