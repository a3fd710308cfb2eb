import { randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { problemOf, type Remote } from '../remote.js'
import { type Finding, firstLine, ok, problem, unknown, warning } from './finding.js'
import { fastPathFinding, openFiles } from './process.js'
import { clock } from './redis-resources.js'
import { checkStream, refusedAdvice } from './stream.js'

/** The gateway at an address, with the proxies in front of it. */
export async function checkGateway(remote: Remote, channel: string, patience: number): Promise<Finding[]> {
  const findings: Finding[] = []
  const health = await remote.fetch('/healthz', { signal: AbortSignal.timeout(10_000) }).catch((error: Error) => error)
  if (health instanceof Error) return [problem('gateway', firstLine(health), 'Start it, or pass its URL with --url.')]
  if (!health.ok) return [problem('gateway', `${remote.url}/healthz answers ${health.status}`, NOT_A_GATEWAY)]
  if (!(await health.text()).includes('"ok"'))
    return [problem('gateway', `${remote.url} is not a Carillon gateway`, NOT_A_GATEWAY)]
  findings.push(ok('gateway', `${remote.url} is alive${via(health)}`))
  findings.push(...checkKeepAlive(health))
  const date = Date.parse(health.headers.get('date') ?? '')
  if (!Number.isNaN(date)) findings.push(clock('the gateway', date + 500 - Date.now())) // whole seconds, rounded down

  const ready = await remote.fetch('/readyz')
  if (ready.ok) findings.push(ok('readiness', 'ready'))
  else findings.push(problem('readiness', firstLine(await problemOf(ready)), 'The log of the gateway has the cause.'))
  findings.push(...(await checkMetrics(remote)))
  findings.push(...(await checkStream(remote, channel, patience)))
  findings.push(await checkWebSocket(remote, channel), await checkLongLine(remote))
  return findings
}

const NOT_A_GATEWAY = 'Check --url, including the path prefix of a proxy.'

function via({ headers }: Response): string {
  const proxy = headers.get('via') ?? headers.get('server')
  return proxy ? `, behind ${proxy}` : ''
}

/** A proxy answers with its own timeout, so only a direct answer has that of the gateway. */
function checkKeepAlive(health: Response): Finding[] {
  const [, seconds] = /timeout=(\d+)/.exec(health.headers.get('keep-alive') ?? '') ?? []
  if (seconds === undefined || via(health) !== '') return []
  return [
    ok(
      'idle connections',
      `stay open for ${seconds} s; the idle timeout of a load balancer must be shorter, or KEEP_ALIVE_SECONDS higher`,
    ),
  ]
}

/** What the process of the gateway says about itself, where its metrics can be read. */
async function checkMetrics(remote: Remote): Promise<Finding[]> {
  const metrics = await remote.fetch('/metrics').then(
    response => (response.ok ? response.text() : ''),
    () => '',
  )
  const [, limit] = /^process_max_fds (\d+)/m.exec(metrics) ?? []
  const paths = [...metrics.matchAll(/^carillon_fast_path\{name="([^"]+)"\} ([01])$/gm)]
  return [
    ...(limit === undefined ? [] : [openFiles('open files of the gateway', Number(limit))]),
    ...(paths.length === 0
      ? []
      : [
          fastPathFinding(
            'fast paths of the gateway',
            paths.map(([, name = '', isInUse]) => [name, isInUse === '1']),
          ),
        ]),
  ]
}

/** By hand, because Node 20 has no WebSocket client. Only the handshake is checked. */
function checkWebSocket(remote: Remote, channel: string): Promise<Finding> {
  const url = new URL(`${remote.url}/channels/${channel}/ws`)
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    headers: {
      ...remote.headers,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.from(randomUUID().slice(0, 16)).toString('base64'),
    },
    timeout: OPEN_MS,
  })
  return new Promise(resolve => {
    const finish = (finding: Finding) => {
      request.destroy()
      resolve(finding)
    }
    request.on('upgrade', (_response, socket) => {
      socket.destroy()
      finish(ok('WebSocket', 'upgrades'))
    })
    request.on('response', ({ statusCode }) =>
      finish(
        statusCode === 426
          ? problem(
              'WebSocket',
              'a proxy dropped the upgrade',
              'The proxy must pass on the headers Upgrade and Connection: docs/deploy.md has the lines for nginx.',
            )
          : problem('WebSocket', `refused with ${statusCode}`, refusedAdvice(statusCode)),
      ),
    )
    request.on('timeout', () => finish(problem('WebSocket', `no answer within ${OPEN_MS / 1000} s`)))
    request.on('error', error => finish(problem('WebSocket', error.message)))
    request.end()
  })
}

/** A stream of a hundred channels with long names; a proxy may have a smaller limit than the gateway. */
async function checkLongLine(remote: Remote): Promise<Finding> {
  const query = new URLSearchParams({ timeout: '0.1' })
  for (let i = 0; i < 100; i++) query.append('channel', `doctor-${i}-`.padEnd(120, 'x'))
  const response = await remote.fetch(`/events?${query}`)
  await response.body?.cancel()
  if (response.ok) return ok('long requests', 'a stream of 100 channels works')
  if (response.headers.get('content-type')?.includes('problem+json'))
    return unknown('long requests', firstLine(await problemOf(response)))
  return warning(
    'long requests',
    `a request line of 13 kB gets ${response.status}`,
    'nginx: large_client_header_buffers 4 16k;',
  )
}

const OPEN_MS = 10_000
