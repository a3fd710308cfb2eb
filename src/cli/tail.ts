import { CommandError, EXIT, MAX_SECONDS, readArguments, readNumber } from './command.js'
import { FollowedStream, type Item } from './followed-stream.js'
import { REMOTE_HELP, REMOTE_OPTIONS, Remote } from './remote.js'
import { lineWriter, type Style } from './tail-lines.js'
import { hasColours } from './terminal.js'

export const help = `Subscribes to channels and patterns, and prints their messages.

Usage: carillon tail NAME... [options]

A name with *, ? or [ is a pattern. Put quotes around it, or the shell expands it. Output is coloured text on a
terminal, and one JSON object per line in a pipe (the envelopes of GET /events, docs/protocol.md). After a lost
connection it reconnects, and resumes where a channel has a history. Possible losses are printed as gaps.

  --raw             print only the messages, byte for byte, each with a line end
  --json            print JSON lines on a terminal, too
  --limit N         end after N messages
  --timeout SECONDS end after this time
  --last N          start with the last N messages of the history
  --since WHEN      start with the history since then: 10m, all, 2030-01-31T12:00:00Z
  --after CURSOR    resume after this id
  --wait            retry if the gateway cannot be reached at the start
${REMOTE_HELP}
NO_COLOR=1 turns colours off, FORCE_COLOR=1 turns them on.

Examples:
  carillon tail news
  carillon tail news 'chat:*' --url https://live.example.com
  carillon tail orders --last 20
  carillon tail prices | jq 'select(.event == "price") | .data | fromjson'
  carillon tail jobs --raw --limit 1

Exit codes: 0 ended as requested (also by Ctrl-C), 2 wrong usage, 3 refused, 4 gateway not reachable.
`

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readArguments('tail', args, {
    raw: { type: 'boolean' },
    json: { type: 'boolean' },
    limit: { type: 'string' },
    timeout: { type: 'string' },
    last: { type: 'string' },
    since: { type: 'string' },
    after: { type: 'string' },
    wait: { type: 'boolean' },
    ...REMOTE_OPTIONS,
  })
  if (values.help) {
    process.stdout.write(help)
    return EXIT.done
  }
  if (positionals.length === 0)
    throw new CommandError(EXIT.usage, 'Name at least one channel or pattern.\nTry: carillon tail --help')
  const limit = readNumber('tail', '--limit', values.limit)
  const timeout = readNumber('tail', '--timeout', values.timeout, MAX_SECONDS)
  const { last, since, after } = values

  const isTerminal = process.stdout.isTTY === true
  const style: Style = values.raw ? 'raw' : values.json || !isTerminal ? 'json' : 'terminal'
  const write = lineWriter(style, { coloured: hasColours(process.stdout) })
  const controller = new AbortController()
  const stop = () => controller.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  // `carillon tail news | head -1`: the reader has closed the pipe.
  process.stdout.on('error', stop)
  const timer = timeout === undefined ? undefined : setTimeout(stop, timeout * 1000)

  let remaining = limit ?? Number.POSITIVE_INFINITY
  const stream = new FollowedStream(new Remote(values), {
    names: positionals,
    start: { last, since, after },
    wait: values.wait ?? false,
    signal: controller.signal,
    onOpen: () => {
      if (style === 'terminal') console.error(`Listening to ${positionals.join(', ')}. Ctrl-C ends it.`)
    },
    say: text => console.error(text),
  })
  const show = async (item: Item): Promise<void> => {
    const text = write(item)
    if (text !== '' && !process.stdout.write(text)) await drained(controller.signal)
    if (item.kind === 'message' && --remaining === 0) stop()
  }
  try {
    for await (const item of stream.items()) {
      await show(item)
      if (remaining === 0) break
    }
  } finally {
    clearTimeout(timer)
    stop()
  }
  return EXIT.done
}

/** A reader that is slow slows the stream down, rather than this process filling up. */
function drained(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    process.stdout.once('drain', resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
