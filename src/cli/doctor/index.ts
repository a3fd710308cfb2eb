import { randomUUID } from 'node:crypto'
import { EXIT, MAX_SECONDS, readArguments, readNumber } from '../command.js'
import { REMOTE_HELP, REMOTE_OPTIONS, Remote } from '../remote.js'
import { hasColours, jsonLine, painter, printable } from '../terminal.js'
import type { Finding } from './finding.js'
import { checkGateway } from './gateway.js'
import { checkAccessRules, checkExposure, checkProcess } from './process.js'
import { checkRedis } from './redis.js'

export const help = `Checks settings, Redis and a running gateway, and says how to fix what is wrong.

Usage: carillon doctor [options]

With the settings of the gateway in the environment, it checks this machine and Redis: version, rights of the user,
memory, output buffer, clock. Then it checks the running gateway with the proxies in front of it: delivery of a message,
buffering, WebSocket, long requests, idle timeouts.

  --redis-only      do not check a gateway
  --gateway-only    do not check this machine and Redis
  --channel NAME    the channel to publish to; default: a channel of its own
  --patience S      hold an idle stream for this many seconds, to find idle timeouts; default: 20. Use 120 to check a
                    load balancer
  --json            print one JSON object per line
${REMOTE_HELP}
Examples:
  carillon doctor
  REDIS_URL=redis://user:password@redis:6379 carillon doctor --redis-only
  carillon doctor --gateway-only --url https://live.example.com --patience 120

Exit codes: 0 no problems (there may be warnings), 1 problems found, 2 wrong usage.
`

export async function run(args: string[]): Promise<number> {
  const { values } = readArguments('doctor', args, {
    'redis-only': { type: 'boolean' },
    'gateway-only': { type: 'boolean' },
    channel: { type: 'string' },
    patience: { type: 'string' },
    json: { type: 'boolean' },
    ...REMOTE_OPTIONS,
  })
  if (values.help) {
    process.stdout.write(help)
    return EXIT.done
  }
  const patience = readNumber('doctor', '--patience', values.patience, MAX_SECONDS) ?? 20
  const channel = values.channel ?? `doctor:${randomUUID().slice(0, 8)}`
  const remote = new Remote(values)
  const counts = { ok: 0, unknown: 0, warning: 0, problem: 0 }
  const show = values.json ? showJson : showText()
  const report = (findings: readonly Finding[]) => {
    for (const finding of findings) {
      counts[finding.level]++
      process.stdout.write(show(finding))
    }
  }

  if (!values['gateway-only']) {
    const { findings, config } = await checkProcess()
    report(findings)
    if (config) {
      report([checkExposure(config), ...(await checkAccessRules(config))])
      report(await checkRedis(config, channel))
    }
  }
  if (!values['redis-only']) report(await checkGateway(remote, channel, patience))
  if (!values.json) process.stdout.write(summary(counts))
  return counts.problem > 0 ? EXIT.failed : EXIT.done
}

const showJson = (finding: Finding): string => `${jsonLine(JSON.stringify(finding))}\n`

const MARKS = { ok: ['green', '✓'], unknown: ['dim', '?'], warning: ['yellow', '!'], problem: ['red', '✗'] } as const

function showText(): (finding: Finding) => string {
  const paint = painter(hasColours(process.stdout))
  return ({ level, about, text, advice }) => {
    const [colour, mark] = MARKS[level]
    const lines = printable(text)
    return `${paint(colour, mark)} ${paint('bold', about)}: ${lines}\n${advice ? `    ${paint('cyan', `→ ${advice}`)}\n` : ''}`
  }
}

function summary({ warning, problem }: Record<Finding['level'], number>): string {
  if (problem === 0 && warning === 0) return '\nNo problems found.\n'
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`
  return `\n${count(problem, 'problem')}, ${count(warning, 'warning')}.\n`
}
