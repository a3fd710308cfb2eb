import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { RESERVED_PREFIX } from '../../../messages/names.js'
import { type Deferred, deferred } from '../../../support/deferred.js'
import type { Connection } from '../connection/connection.js'

/**
 * Keeps who changes from one node of a Cluster to another from hearing a message at both: what one
 * node executes comes to the others over the bus, a little later. The bus keeps the order of what
 * comes from one node, so nothing is subscribed before a mark has come through from each.
 *
 *     at node A    PUBLISH news hello     PUBLISH fence mark     PUBLISH news again
 *                          ┊                      ┊                       ┊
 *     at node B    ────────▼ not subscribed ──────▼── SUBSCRIBE news ─────▼ heard
 */
export class BusFence {
  readonly channel: string
  readonly #marks = new Map<string, Deferred>()

  constructor(gatewayId: string) {
    this.channel = `${RESERVED_PREFIX}fence:${gatewayId}`
  }

  /**
   * Resolves when what the nodes executed before has passed the node where `listening` is. For a
   * node that is away, or whose mark does not come, it waits so many milliseconds and no longer.
   * Rejects when the subscription fails.
   */
  async pass(listening: Redis, nodes: readonly Connection[], patience: number): Promise<void> {
    await listening.subscribe(this.channel)
    const deadline = AbortSignal.timeout(patience)
    await Promise.all(nodes.map(node => this.#mark(node, deadline)))
  }

  /** A message on the channel. */
  hear(mark: string): void {
    this.#marks.get(mark)?.resolve()
  }

  async #mark(node: Connection, deadline: AbortSignal): Promise<void> {
    while (!node.isUp && !deadline.aborted) await pause(RETRY_MS)
    if (deadline.aborted) return
    const mark = randomUUID()
    const passed = deferred()
    this.#marks.set(mark, passed)
    deadline.addEventListener('abort', () => passed.resolve())
    node.redis.publish(this.channel, mark).catch(() => passed.resolve()) // what it did not execute nobody waits for
    await passed.promise
    this.#marks.delete(mark)
  }
}

const RETRY_MS = 20
