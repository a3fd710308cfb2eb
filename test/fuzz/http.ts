import { connect, type Socket } from 'node:net'
import type { FuzzAnswer, FuzzRequest } from './contract.js'

/** The bytes of a request; what the fuzz puts into a header or target stands there as Latin-1. */
export function requestBytes({ method, target, headers, body, isLast }: FuzzRequest): Buffer {
  const lines = Object.entries({
    host: 'localhost',
    connection: isLast ? 'close' : 'keep-alive',
    ...(body.length > 0 || method === 'POST' ? { 'content-length': `${body.length}` } : {}),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), body])
}

/**
 * Sends requests over few connections, several at once on each; calls back with each answer. Where
 * a connection ends, what was not answered is sent again on another; a request that gets no
 * answer as the first of a connection is told without one.
 */
export async function sendAll(
  port: number,
  requests: readonly FuzzRequest[],
  onAnswer: (request: FuzzRequest, answer: FuzzAnswer | undefined) => void,
): Promise<void> {
  let left = requests
  while (left.length > 0) {
    const cut = left.findIndex(request => request.isLast || losesTheRest(request))
    const batch = left.slice(0, Math.min(PIPELINE, cut === -1 ? PIPELINE : cut + 1))
    const answers = await pipeline(port, batch)
    for (const [i, answer] of answers.entries()) onAnswer(batch[i] as FuzzRequest, answer) // no more answers than requests
    if (answers.length === 0) onAnswer(batch[0] as FuzzRequest, undefined)
    left = left.slice(Math.max(1, answers.length))
  }
}

const PIPELINE = 32

/** Node 26 drops what arrives together with a body that comes with an offer to upgrade, when the offer is ignored. */
const losesTheRest = ({ headers, body }: FuzzRequest): boolean => 'upgrade' in headers && body.length > 0

async function pipeline(port: number, requests: readonly FuzzRequest[]): Promise<FuzzAnswer[]> {
  const socket: Socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {}) // what matters is what was answered
  socket.setTimeout(20_000, () => socket.destroy())
  const answers: FuzzAnswer[] = []
  let bytes = Buffer.alloc(0)
  socket.on('data', chunk => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    while (answers.length < requests.length) {
      const next = parse(bytes, requests[answers.length]?.method === 'HEAD', false)
      if (!next) break
      bytes = bytes.subarray(next.length)
      if (next.answer.status !== 100) answers.push(next.answer)
    }
    if (answers.length === requests.length) socket.destroy()
  })
  socket.write(Buffer.concat(requests.map(requestBytes)))
  await closeOf(socket)
  const last = answers.length < requests.length ? parse(bytes, false, true) : undefined
  if (last) answers.push(last.answer)
  return answers
}

function parse(bytes: Buffer, isHead: boolean, isEnd: boolean): { answer: FuzzAnswer; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [start = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const status = Number(start.split(' ')[1])
  const headers = new Headers(
    lines.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const begin = end + 4
  const hasNone = isHead || status === 204 || status === 100 || status === 101
  const length = hasNone ? 0 : headers.get('content-length')
  // Without a length the end of the connection is the end of the answer.
  if (length === null)
    return isEnd ? { answer: { status, headers, body: bytes.subarray(begin) }, length: bytes.length } : undefined
  const stop = begin + Number(length)
  if (bytes.length < stop) return undefined
  return { answer: { status, headers, body: bytes.subarray(begin, stop) }, length: stop }
}

/** Sends bytes that need not be HTTP at all. Resolves with what came back before the connection ended. */
export async function sendBytes(port: number, bytes: Buffer): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.setTimeout(20_000, () => socket.destroy())
  let text = ''
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
  })
  socket.end(bytes)
  await closeOf(socket)
  return text
}

/** Not by `once` of `node:events`, for which a reset connection is a failure and not an end. */
export const closeOf = (socket: Socket): Promise<void> => new Promise(resolve => socket.once('close', () => resolve()))
