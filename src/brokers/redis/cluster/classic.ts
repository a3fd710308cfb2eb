import { connect as connectTcp } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { AbstractConnector } from 'ioredis'
import type { PublishResult } from '../../../broker.js'
import type { Publication } from '../../../message.js'
import type { Topic } from '../../../topic.js'
import type { Node } from '../address.js'
import { Connection } from '../connection.js'
import type { Deployment, DeploymentEvents } from '../deployment.js'
import { Subscriptions } from '../subscriptions.js'
import { sumCounts, uniqueNames } from './answers.js'
import { ClusterNodes, type ClusterSettings } from './nodes.js'

/**
 * A Cluster with classic Pub/Sub: what is published on one node reaches the subscribers of all
 * over the bus. So one connection listens, at any master, and one master takes what is published,
 * as long as it works; the others are only asked who listens there.
 */
export class ClassicCluster implements Deployment {
  readonly #nodes: ClusterNodes
  readonly #listening: Connection
  readonly #subscriptions: Subscriptions

  constructor(settings: ClusterSettings & { readonly tls?: ConnectionOptions | undefined }, events: DeploymentEvents) {
    const { timeout, gatewayId, log, statistics, tls, seeds, targetAt } = settings
    this.#nodes = new ClusterNodes(settings, () => {})
    const [seed] = seeds
    const target = {
      ...(seed && targetAt(seed)),
      Connector: rotatingConnector(() => this.#nodes.candidates(), timeout, tls),
    }
    this.#listening = new Connection(
      { target, timeout, name: `carillon:subscriber:${gatewayId}`, log, statistics },
      { up: () => this.#subscriptions.connected(), down: since => events.lost('redis_connection_lost', { since }) },
    )
    const { redis } = this.#listening
    this.#subscriptions = new Subscriptions(redis, events)
    redis.on('messageBuffer', (channel: Buffer, data: Buffer) => events.message(channel.toString(), data))
    redis.on('pmessageBuffer', (pattern: string, channel: Buffer, data: Buffer) =>
      events.patternMessage(pattern, channel.toString(), data),
    )
  }

  get unavailable(): string | undefined {
    return this.#nodes.trouble ?? this.#listening.trouble
  }

  start(): void {
    this.#nodes.start()
    this.#listening.connect()
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    const master = this.#nodes.masters().find(({ connection }) => connection.isUp)
    if (master) return master.publisher.publish(publications)
    return Promise.resolve(publications.map(() => ({ problem: 'broker-unavailable' })))
  }

  subscribe(topic: Topic, names: readonly string[]): Promise<void> {
    return this.#subscriptions.add(topic, names)
  }

  unsubscribe(topic: Topic): void {
    this.#subscriptions.remove(topic)
  }

  async channels(glob: string): Promise<string[]> {
    return uniqueNames(await this.#nodes.askAll(({ redis }) => redis.pubsub('CHANNELS', glob)))
  }

  async subscriberCounts(names: readonly string[]): Promise<number[]> {
    if (names.length === 0) return []
    return sumCounts(names, await this.#nodes.askAll(({ redis }) => redis.pubsub('NUMSUB', ...names)))
  }

  async close(): Promise<void> {
    await setImmediate() // what was handed over in this turn is on its way then, and QUIT goes behind it
    await Promise.all([this.#nodes.close(), this.#listening.close()])
  }
}

/** An ioredis connector that takes another node at each attempt. */
function rotatingConnector(candidates: () => Node[], timeout: number, tls: ConnectionOptions | undefined) {
  let attempts = 0
  return class extends AbstractConnector {
    constructor() {
      super(timeout)
    }

    override async connect() {
      const nodes = candidates()
      const node = nodes[attempts++ % nodes.length]
      this.connecting = true
      // A URL of a Cluster has at least one host.
      const { host, port } = node as Node
      this.stream = tls ? connectTls({ host, port, servername: host, ...tls }) : connectTcp({ host, port })
      this.stream.once('error', error => {
        this.firstError = error
      })
      return this.stream
    }
  }
}
