import { randomUUID } from 'node:crypto'
import { CommandError } from '../command.js'
import { problemOf, type Remote } from '../remote.js'
import { type Finding, firstLine, ok, problem, unknown, warning } from './finding.js'

/** Opens a stream, publishes, and looks when the message comes; then how long silence is borne. */
export async function checkStream(remote: Remote, channel: string, patience: number): Promise<Finding[]> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), OPEN_MS)
  try {
    const asked = performance.now()
    const stream = await remote.fetch(`/channels/${channel}/events`, {
      headers: { accept: 'text/event-stream', 'accept-encoding': 'gzip, br' },
      signal: controller.signal,
    })
    clearTimeout(timer)
    if (!stream.ok) return [refusal('stream', stream.status, await problemOf(stream))]
    const findings = [ok('stream', `opens within ${Math.round(performance.now() - asked)} ms`)]
    if (stream.headers.get('content-encoding'))
      findings.push(warning('stream', 'a proxy compresses it', 'Exclude text/event-stream from compression.'))
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
          'A proxy holds back the response head: see docs/deploy.md, "What every proxy must do".',
        ),
      ]
    if (error instanceof CommandError) return [problem('stream', firstLine(error))]
    throw error
  } finally {
    clearTimeout(timer)
    controller.abort()
  }
}

const refusal = (about: string, status: number, error: CommandError): Finding =>
  problem(about, firstLine(error), refusedAdvice(status))

/** What helps after a refusal. A gateway without access rules has no use for a token. */
export function refusedAdvice(status: number | undefined): string {
  if (status === 401) return 'Pass an API key or a token with --token or CARILLON_TOKEN.'
  if (status === 403)
    return 'The detail names what is missing: a right of the token, another --channel, or access rules.'
  return 'The log of the gateway and of each proxy has the cause.'
}

async function checkDelivery(remote: Remote, channel: string, watched: Watched): Promise<Finding[]> {
  const message = `carillon doctor ${randomUUID()}`
  const sent = performance.now()
  const published = await remote.fetch(`/channels/${channel}`, {
    method: 'POST',
    body: message,
    headers: { 'content-type': 'text/plain' },
  })
  if (!published.ok) return [refusal('publish', published.status, await problemOf(published))]
  const { receivers } = (await published.json()) as { receivers: number }
  const took = await watched.until(text => text.includes(message), DELIVERY_MS)
  if (took) return [ok('delivery', `received ${Math.round(performance.now() - sent)} ms after the publish`)]
  if (receivers === 0)
    return [
      problem(
        'delivery',
        'published, but Redis has no subscriber',
        'Check that publishers and subscribers use gateways on the same Redis.',
      ),
    ]
  return [
    problem(
      'delivery',
      `Redis delivered the message, but it did not arrive within ${DELIVERY_MS / 1000} s: a proxy buffers the stream`,
      'Turn buffering off in the proxy (nginx: no proxy_ignore_headers X-Accel-Buffering, or proxy_buffering off).',
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
      `the stream was closed after ${seconds} s`,
      'Set HEARTBEAT_SECONDS well below the idle timeout of every proxy, and MAX_STREAM_AGE_SECONDS below every limit on the length of a request.',
    )
  const beats = watched.beats()
  if (beats === 0) return unknown('silence', `no heartbeat within ${seconds} s; wait longer with --patience`)
  return ok(
    'silence',
    `${beats} ${beats === 1 ? 'heartbeat' : 'heartbeats'} in ${seconds} s, and the stream stayed open`,
  )
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

const OPEN_MS = 10_000
const DELIVERY_MS = 5000
