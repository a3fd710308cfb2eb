import http from 'node:http'
import type { Gateway } from './gateway.js'
import type { Outcome, Publication } from './history.js'
import type { Native } from './topology.js'

/** Posts a message to a gateway; what becomes of it is written into the publication. */
export function post(gateway: Gateway, publication: Publication, data: string, done: () => void): void {
  send(gateway, pathOf(publication), 'text/plain', data, outcome => {
    settle(publication, outcome)
    done()
  })
}

const pathOf = ({ channel, event }: Publication): string =>
  `/channels/${channel}${event === undefined ? '' : `?event=${event}`}`

/** The same with a key, again and again, each time to any gateway, until it is known what became of it. */
export function postUntilKnown(
  gateway: () => Gateway,
  publication: Publication,
  data: string,
  done: () => void,
  started = Date.now(),
): void {
  const sentAt = Date.now()
  send(
    gateway(),
    pathOf(publication),
    'text/plain',
    data,
    (outcome, body) => {
      publication.slowestMs = Math.max(publication.slowestMs ?? 0, Date.now() - sentAt)
      if (isUncertain(outcome) && sentAt - started < GIVE_UP_MS) {
        publication.earlier?.push({ at: Date.now(), outcome })
        setTimeout(() => postUntilKnown(gateway, publication, data, done, started), TRY_AGAIN_MS)
        return
      }
      if (outcome === 200) {
        const { id } = JSON.parse(body) as { id?: string } // as the contract says
        publication.positions?.add(id ?? 'none')
      }
      settle(publication, outcome)
      done()
    },
    { 'idempotency-key': publication.id },
  )
}

/** What passes, or says nothing about whether the message was published. */
const isUncertain = (outcome: Outcome): boolean =>
  typeof outcome === 'string' || outcome === 409 || outcome === 429 || outcome >= 502

const TRY_AGAIN_MS = 200
const GIVE_UP_MS = 100_000

/** Posts several messages as one batch; each has an outcome of its own. */
export function postBatch(
  gateway: Gateway,
  publications: readonly Publication[],
  data: string[],
  done: () => void,
): void {
  const messages = publications.map(({ channel, event }, i) => ({ channel, event, data: data[i] }))
  send(gateway, '/publish', 'application/json', JSON.stringify({ messages }), (outcome, body) => {
    const results = outcome === 200 ? (JSON.parse(body) as { results: { status?: number }[] }).results : [] // as the contract says
    for (const [i, publication] of publications.entries())
      settle(publication, outcome === 200 ? (results[i]?.status ?? 200) : outcome)
    done()
  })
}

/** Publishes as a native Redis client would, at most once. */
export function publishNatively(redis: Native, publication: Publication, data: string, done: () => void): void {
  const sent = redis.status === 'ready'
  redis
    .publish(publication.channel, data)
    .then(
      () => settle(publication, 200),
      (error: Error) => settle(publication, nativeOutcome(error, sent)),
    )
    .finally(done)
}

/** An error of Redis itself means that it refused the command. */
const nativeOutcome = (error: Error, sent: boolean): Outcome =>
  error.name === 'ReplyError' ? 502 : sent ? 'cut' : 'refused'

function settle(publication: Publication, outcome: Outcome): void {
  publication.answeredAt = Date.now()
  publication.outcome = outcome
}

function send(
  gateway: Gateway,
  path: string,
  type: string,
  data: string,
  done: (outcome: Outcome, body: string) => void,
  more: Record<string, string> = {},
): void {
  const headers = { ...more, 'content-type': type, 'content-length': Buffer.byteLength(data) }
  const { agent, port } = gateway
  const request = http.request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers })
  let settled = false
  const finish = (outcome: Outcome, body = '') => {
    if (settled) return
    settled = true
    done(outcome, body)
  }
  request.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED' ? 'refused' : 'cut'))
  request.on('response', response => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', chunk => (body += chunk))
    response.on('end', () => finish(response.statusCode ?? 'cut', body))
    response.on('error', () => finish('cut'))
  })
  request.end(data)
}
