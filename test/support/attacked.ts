import { promisify } from 'node:util'
import type { Test } from 'tap'
import WebSocket from 'ws'
import type { Config } from '../../src/config/config.js'
import { type ProblemType, problemUri } from '../../src/protocol/problem-types.js'
import { build } from './gateway.js'
import { sameProblem } from './problems.js'
import { exchange, requestText } from './raw-http.js'
import { startRedis } from './redis.js'
import { until } from './until.js'

/** A gateway on a real Redis, and a look at what an attack has left behind. */
export async function attackedGateway(t: Test, config: Partial<Config> = {}) {
  const redis = await startRedis(t)
  const { app, url, port } = await build(t, { redisUrl: redis.url, config })
  const connections = promisify(app.server.getConnections.bind(app.server))
  const channels = async () =>
    (await redis.cli('PUBSUB', 'CHANNELS')).split('\n').filter(name => !name.startsWith('carillon:'))

  /** No connection, no subscription, no key; and it still serves. */
  const leavesNothing = async (what: string) => {
    app.server.closeIdleConnections()
    await until(async () => (await connections()) === 0, `${what}: no connection stays open`)
    await until(async () => (await channels()).join() === '', `${what}: no subscription stays in Redis`)
    t.equal(await redis.cli('PUBSUB', 'NUMPAT'), '0', `${what}: no pattern stays in Redis`)
    t.equal(await redis.cli('DBSIZE'), '0', `${what}: no key stays in Redis`)
    t.equal((await exchange(t, port, requestText('GET', '/readyz'))).status, 200, `${what}: it still serves`)
  }
  return { app, url, port, redis, leavesNothing }
}

/** Every way by which a request over HTTP names a channel; each is refused with the problem. */
export async function refusedOverHttp(
  t: Test,
  port: number,
  encoded: string,
  types: readonly ProblemType[],
  what: string,
) {
  const requests = {
    REST: requestText('POST', `/channels/${encoded}`, { body: 'forged' }),
    SSE: requestText('GET', `/channels/${encoded}/events?timeout=1`),
    NDJSON: requestText('GET', `/channels/${encoded}/events?timeout=1`, {
      headers: { accept: 'application/x-ndjson' },
    }),
    'many channels': requestText('GET', `/events?timeout=1&channel=ok&channel=${encoded}`),
    counts: requestText('GET', `/channels/${encoded}/subscribers`),
    describe: requestText('GET', `/channels/${encoded}`),
    messages: requestText('GET', `/channels/${encoded}/messages`),
    'delete the history': requestText('DELETE', `/channels/${encoded}/history`),
    WebSocket: requestText('GET', `/channels/${encoded}/ws`, { headers: UPGRADE }),
  }
  const asked = Object.entries(requests).map(async ([transport, request]) => {
    const answer = await exchange(t, port, request)
    const type = types.find(type => answer.body.includes(`"${problemUri(type)}"`))
    if (type) sameProblem(t, answer, type, `${what}, ${transport}`)
    else t.fail(`${what}, ${transport}: ${answer.status} ${answer.body.slice(0, 200)}`)
  })
  await Promise.all(asked)
}

export const UPGRADE = {
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** The results of a batch, by item. */
export async function sendBatch(t: Test, port: number, messages: unknown[]): Promise<Record<string, unknown>[]> {
  const body = JSON.stringify({ messages })
  const headers = { 'content-type': 'application/json' }
  const answer = await exchange(t, port, Buffer.from(requestText('POST', '/publish', { headers, body })))
  t.equal(answer.status, 200)
  return JSON.parse(answer.body).results
}

/** Sends one frame on a multiplexed WebSocket of its own; resolves with what came before the end. */
export function multiplexed(
  t: Test,
  url: string,
  frame: string | Buffer,
): Promise<{ answers: unknown[]; code: number; reason: string }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
  t.teardown(() => socket.terminate())
  const answers: unknown[] = []
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () => socket.send(frame))
    socket.on('message', data => {
      answers.push(JSON.parse(`${data}`))
      socket.close(1000)
    })
    socket.on('close', (code, reason) => resolve({ answers, code, reason: `${reason}` }))
  })
}

/** As a title: what could break the lines of a report stands as its code. */
export const show = (text = ''): string =>
  JSON.stringify(text.slice(0, 20)).replace(/[^ -~]|#/g, character => `\\u${character.charCodeAt(0).toString(16)}`)
