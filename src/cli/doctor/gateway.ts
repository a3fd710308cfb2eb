import { randomUUID } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { CommandError } from '../command.js'
import { problemOf, type Remote } from '../remote.js'
import { type Finding, ok, problem, unknown, warning } from './finding.js'
import { fastPathFinding, openFiles } from './process.js'
import { clock } from './redis.js'

/** The gateway at an address, with all that stands in front of it. */
export async function checkGateway(remote: Remote, channel: string, patience: number): Promise<Finding[]> {
  const findings: Finding[] = []
  const health = await remote.fetch('/healthz', { signal: AbortSignal.timeout(10_000) }).catch((error: Error) => error)
  if (health instanceof Error)
    return [problem('gateway', firstLine(health), 'Start it, or name the right one by --url.')]
  if (!health.ok) return [problem('gateway', `${remote.url}/healthz answers ${health.status}`, NOT_A_GATEWAY)]
  if (!(await health.text()).includes('"ok"'))
    return [problem('gateway', `${remote.url} is something else than a gateway`, NOT_A_GATEWAY)]
  findings.push(ok('gateway', `${remote.url} is alive${via(health)}`))
  findings.push(...checkKeepAlive(health))
  const date = Date.parse(health.headers.get('date') ?? '')
  if (!Number.isNaN(date)) findings.push(clock('the gateway', date + 500 - Date.now())) // whole seconds, rounded down

  const ready = await remote.fetch('/readyz')
  if (ready.ok) findings.push(ok('readiness', 'ready'))
  else findings.push(problem('readiness', firstLine(await problemOf(ready)), 'Its log has the cause.'))
  findings.push(...(await checkMetrics(remote)))
  findings.push(...(await checkStream(remote, channel, patience)))
  findings.push(await checkWebSocket(remote, channel), await checkLongLine(remote))
  return findings
}

const NOT_A_GATEWAY = 'Does --url lead to the gateway, with the prefix that a proxy puts in front of it?'

const firstLine = ({ message }: Error): string => message.split('\n', 1)[0] ?? ''

function via({ headers }: Response): string {
  const proxy = headers.get('via') ?? headers.get('server')
  return proxy ? `, behind ${proxy}` : ''
}

/** A proxy answers with a time of its own, so that only a direct answer tells that of the gateway. */
function checkKeepAlive(health: Response): Finding[] {
  const [, seconds] = /timeout=(\d+)/.exec(health.headers.get('keep-alive') ?? '') ?? []
  if (seconds === undefined || via(health) !== '') return []
  return [
    ok(
      'idle connections',
      `stay open for ${seconds} s; a load balancer must close its own earlier, or KEEP_ALIVE_SECONDS be higher`,
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

/** Opens a stream, publishes, and looks when the message comes; then how long silence is borne. */
async function checkStream(remote: Remote, channel: string, patience: number): Promise<Finding[]> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), OPEN_MS)
  try {
    const asked = performance.now()
    const stream = await remote.fetch(`/channels/${channel}/events`, {
      headers: { accept: 'text/event-stream', 'accept-encoding': 'gzip, br' },
      signal: controller.signal,
    })
    clearTimeout(timer)
    if (!stream.ok) return [refusal('stream', await problemOf(stream))]
    const findings = [ok('stream', `opens within ${Math.round(performance.now() - asked)} ms`)]
    if (stream.headers.get('content-encoding'))
      findings.push(
        warning('stream', 'something in between compresses it', 'Except text/event-stream from compression.'),
      )
    const watched = watch(stream)
    findings.push(...(await checkDelivery(remote, channel, watched)))
    if (patience > 0 && watched.ended() === undefined) findings.push(await checkSilence(watched, patience))
    return findings
  } catch (error) {
    if (controller.signal.aborted)
      return [
        problem(
          'stream',
          `no answer within ${OPEN_MS / 1000} s`,
          'Something in between holds the head back: see docs/deploy.md, "What every proxy must do".',
        ),
      ]
    if (error instanceof CommandError) return [problem('stream', firstLine(error))]
    throw error
  } finally {
    clearTimeout(timer)
    controller.abort()
  }
}

const refusal = (about: string, error: CommandError): Finding =>
  problem(about, firstLine(error), 'Give a token with the right (--token), or a channel that it may use (--channel).')

async function checkDelivery(remote: Remote, channel: string, watched: Watched): Promise<Finding[]> {
  const message = `carillon doctor ${randomUUID()}`
  const sent = performance.now()
  const published = await remote.fetch(`/channels/${channel}`, {
    method: 'POST',
    body: message,
    headers: { 'content-type': 'text/plain' },
  })
  if (!published.ok) return [refusal('publish', await problemOf(published))]
  const { receivers } = (await published.json()) as { receivers: number }
  const took = await watched.until(text => text.includes(message), DELIVERY_MS)
  if (took) return [ok('delivery', `published, and heard ${Math.round(performance.now() - sent)} ms later`)]
  if (receivers === 0)
    return [
      problem(
        'delivery',
        'published, and Redis knows of no listener',
        'Do publisher and listener reach gateways on the same Redis?',
      ),
    ]
  return [
    problem(
      'delivery',
      `Redis has handed the message out, and it did not come within ${DELIVERY_MS / 1000} s: something in between buffers the stream`,
      'Switch buffering off there (nginx: no proxy_ignore_headers X-Accel-Buffering; or proxy_buffering off).',
    ),
  ]
}

async function checkSilence(watched: Watched, patience: number): Promise<Finding> {
  const from = performance.now()
  const isOver = await watched.until(() => watched.ended() !== undefined, patience * 1000)
  const seconds = Math.round((performance.now() - from) / 1000)
  if (isOver)
    return problem(
      'silence',
      `the stream was cut after ${seconds} s`,
      'Set HEARTBEAT_SECONDS well below the idle time of every proxy in between, and MAX_STREAM_AGE_SECONDS below what cuts by age.',
    )
  const beats = watched.beats()
  if (beats === 0) return unknown('silence', `no heartbeat within ${seconds} s; look longer: --patience`)
  return ok('silence', `${beats} ${beats === 1 ? 'heartbeat' : 'heartbeats'} in ${seconds} s, and not cut`)
}

interface Watched {
  until(condition: (text: string) => boolean, milliseconds: number): Promise<boolean>
  ended(): boolean | undefined
  beats(): number
}

function watch(response: Response): Watched {
  let text = ''
  let ended: boolean | undefined
  let wake = (): void => {}
  const read = async () => {
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true })
      wake()
    }
  }
  read()
    .catch(() => {}) // cut, or given up: both are an end
    .finally(() => {
      ended = true
      wake()
    })
  return {
    until: (condition, milliseconds) =>
      new Promise(resolve => {
        const timer = setTimeout(() => finish(false), milliseconds)
        const finish = (outcome: boolean) => {
          clearTimeout(timer)
          wake = () => {}
          resolve(outcome)
        }
        wake = () => {
          if (condition(text)) finish(true)
          else if (ended) finish(false)
        }
        wake()
      }),
    ended: () => ended,
    beats: () => text.split('\n').filter(line => line === ':').length,
  }
}

/** By hand, as Node 20 has no WebSocket of its own; the handshake is all that is looked at. */
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
              'the upgrade was lost on the way',
              'The proxy must pass Upgrade and Connection on: docs/deploy.md has the lines for nginx.',
            )
          : problem('WebSocket', `refused with ${statusCode}`, 'Give a token with the right (--token).'),
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
  if (response.ok || response.status === 403 || response.status === 401)
    return ok('long requests', 'a stream of 100 channels passes')
  if (response.headers.get('content-type')?.includes('problem+json'))
    return unknown('long requests', firstLine(await problemOf(response)))
  return warning(
    'long requests',
    `a request line of 13 kB is answered with ${response.status}`,
    'nginx: large_client_header_buffers 4 16k;',
  )
}

const OPEN_MS = 10_000
const DELIVERY_MS = 5000
