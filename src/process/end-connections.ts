import { once } from 'node:events'
import type { Server } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { stopListening } from '../node-internals/stop-listening.js'
import { withTimeout } from '../support/with-timeout.js'

/**
 * Stops listening, and lets the requests that are under way be answered. Requests that have still not arrived in full
 * after a second are answered with 408, so that their senders know that nothing was done. Then all connections are cut.
 */
export async function endConnections(server: Server): Promise<void> {
  const ended = once(server, 'close')
  stopListening(server)
  await pause(ACCEPTED_MS)
  server.closeIdleConnections()
  await withTimeout(ANSWER_MS, ended)
  // Node's HTTP server looks for requests that are overdue; from now on each unfinished one is.
  server.headersTimeout = 1
  server.requestTimeout = 1
  await withTimeout(REFUSE_MS, ended)
  server.closeAllConnections()
}

/** Connections that were just made have so long to send their request: a proxy has nothing but its own 502 for it. */
const ACCEPTED_MS = 100

const ANSWER_MS = 1000

/** Longer than `connectionsCheckingInterval`. */
const REFUSE_MS = 700
