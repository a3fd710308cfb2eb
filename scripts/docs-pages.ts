import { configSchema } from '../src/config/config.js'
import { listSettings } from '../src/config/help.js'
import { CLOSE_REASONS } from '../src/protocol/close-reasons.js'
import { PROBLEMS, type ProblemType, problemUri } from '../src/protocol/problem-types.js'
import { METRICS } from '../src/telemetry/metrics.js'

/** The pages that are made from tables in the code, by their path. */
export const pages = (): Record<string, string> => ({
  'docs/errors.md': errorsPage(),
  'docs/settings.md': settingsPage(),
  'docs/metrics.md': metricsPage(),
})

function errorsPage(): string {
  const problems = Object.entries(PROBLEMS).sort(([, [a]], [, [b]]) => a - b)
  return `${madeFrom('src/protocol/problem-types.ts and src/protocol/close-reasons.ts')}
# Errors

## Problems

Every error is answered as \`application/problem+json\`, [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457):
\`{"type","title","status","detail"}\`. Programs go by \`type\`; \`detail\` is for people and may change. A WebSocket carries the
same object in its error frames, and an open stream in the data of its \`error\` events.

${table(
  ['Type', 'Status', 'Title', 'Meaning', 'What to do'],
  problems.map(([name, [status, title, meaning, remedy]]) => [
    code(problemUri(name as ProblemType)), // the keys of the table are its types
    `${status}`,
    title,
    meaning,
    remedy,
  ]),
)}

No stream is refused for what passes by itself, because a browser's \`EventSource\` gives up for ever on any answer but 200: while
Redis is away a stream opens all the same, and a \`gap\` event tells when it is back.

## Why a stream ends

A WebSocket closes with the code, and the reason as its text. An HTTP stream ends; where the client cannot be spoken to any
more it is cut off, without the end that its transfer coding has. "Come back" marks the ends after which the client is to
connect again, and an \`EventSource\` is told when.

${table(
  ['Reason', 'WebSocket code', 'HTTP stream', 'Come back', 'Meaning'],
  Object.entries(CLOSE_REASONS).map(([name, { code: number, cut, again, meaning }]) => [
    code(name),
    `${number}`,
    cut ? 'cut off' : 'ends',
    again ? 'yes' : '',
    meaning,
  ]),
)}
`
}

function settingsPage(): string {
  return `${madeFrom('src/config/config.ts')}
# Settings

All settings come from the environment; \`carillon serve --help\` lists them too. A value that cannot be used ends the start with code 1
and names itself; an empty one counts as not set.

${table(
  ['Setting', 'Value', 'Default', 'Meaning'],
  listSettings(configSchema).map(({ name, type, defaultValue, description }) => [
    code(name),
    type,
    defaultValue === undefined ? '' : code(defaultValue),
    description,
  ]),
)}
`
}

function metricsPage(): string {
  return `${madeFrom('src/telemetry/metrics.ts')}
# Metrics

What \`GET /metrics\` tells beside the metrics of the process and of Node (\`process_…\`, \`nodejs_…\`, by prom-client). It counts from the start
of the gateway and over all its workers. No label grows with channels or clients. [operate.md](operate.md) says what to do with them.

${table(
  ['Metric', 'Type', 'Labels', 'Meaning'],
  Object.entries(METRICS).map(([name, { type, labels, help }]) => [
    code(name),
    type,
    labels.map(code).join(', '),
    help,
  ]),
)}
`
}

const madeFrom = (source: string): string =>
  `<!-- Made from ${source} by \`npm run docs\`: change those, not this. -->\n`

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const code = (text: string): string => `\`${text}\``
