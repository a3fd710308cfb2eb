import http from 'node:http'
import type { Gateway } from './gateway.js'
import type { Outcome, Publication } from './history.js'
import type { Native } from './topology.js'

/** Posts a message to a gateway; what becomes of it is written into the publication. */
export function post(gateway: Gateway, publication: Publication, data: string, done: () => void): void {
  const { channel, event } = publication
  const path = `/channels/${channel}${event === undefined ? '' : `?event=${event}`}`
  send(gateway, path, 'text/plain', data, outcome => {
    settle(publication, outcome)
    done()
  })
}

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
): void {
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(data) }
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
