import type { FastifyRequest } from 'fastify'
import type { Publisher } from '../../src/publishing/publishing.js'
import type { PublishTransport } from '../../src/telemetry/counters.js'
import { callerId } from './caller-id.js'

/** The sender of a request as a publisher. From here on the use case counts what becomes of its messages. */
export function httpPublisher(
  request: FastifyRequest,
  transport: PublishTransport,
  authorize?: (channel: string) => void,
): Publisher {
  request.countsPublishes = false
  const { caller } = request
  return { transport, caller, owner: () => callerId(request), ...(authorize && { authorize }) }
}
