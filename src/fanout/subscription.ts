import { SubscribeRefused } from '../brokers/broker.js'
import type { PageQuery } from '../history/catch-up-limiter.js'
import type { ChannelSequencer } from '../history/channel-sequencer.js'
import type { Histories } from '../history/histories.js'
import { encodeId } from '../messages/cursor.js'
import type { Message } from '../messages/message.js'
import type { Topic } from '../messages/topic.js'
import type { Format } from '../protocol/format.js'
import { type GapReason, gapData } from '../protocol/gap.js'
import { Availability, type Outage } from './availability.js'
import type { Client } from './client.js'
import type { FanoutGroup } from './fanout-group.js'
import { type AudienceContext, TopicAudience } from './topic-audience.js'

/** What all subscriptions of a hub share. */
export interface SubscriptionContext extends AudienceContext {
  /** Undefined where nothing has a history. */
  readonly histories: Histories | undefined
}

/** One topic that has clients here: subscribed once at the broker for all of them. */
export class Subscription {
  readonly topic: Topic
  readonly #context: SubscriptionContext
  readonly #audience: TopicAudience
  readonly #availability = new Availability()
  /** Where the topic is a channel with a history. */
  readonly #sequencer: ChannelSequencer | undefined
  /** A client counted on the topic before the head of its history was known, so the history cannot repair what it missed. */
  #isOutageBeforeHead = false

  constructor(topic: Topic, context: SubscriptionContext) {
    this.topic = topic
    this.#context = context
    this.#audience = new TopicAudience(topic, context)
    this.#sequencer = context.histories?.sequencerOf(topic, this.#audience)
  }

  get groups(): ReadonlySet<FanoutGroup> {
    return this.#audience.groups
  }

  get isLive(): boolean {
    return this.#availability.isLive
  }

  get sequencer(): ChannelSequencer | undefined {
    return this.#sequencer
  }

  /* The clients. */

  /**
   * Adds the client, and resolves when the topic is live. With a place in the history, the client begins there, and joins
   * the others when it has caught up.
   */
  async join(client: Client, from?: PageQuery): Promise<void> {
    const { histories } = this.#context
    const catchUp =
      from && this.#sequencer && histories
        ? this.#audience.joinFrom(client, from, this.#sequencer, histories.catchUps)
        : undefined
    if (!catchUp) {
      if (this.#sequencer) client.group?.follow(this.topic)
      this.#audience.join(client)
    }
    if (!this.isLive) await this.#availability.waitFor(client)
    catchUp?.start()
  }

  leave(client: Client): void {
    this.#availability.stopWaiting(client)
    this.#audience.leave(client)
  }

  flush(client: Client): void {
    this.#audience.flush(client)
  }

  /** The client counts on the topic although it is not live yet: what it misses until then is announced. */
  expectGap(client: Client): void {
    this.#availability.expectGap(client, this.#context.now())
  }

  /**
   * The data of the `gap` that is due to clients of the format, or to the one client, if they leave now. A client that can
   * resume by its ids has missed nothing, and neither has one that still waits for the topic.
   */
  gapDue({ hasIds }: Format, client?: Client): string | undefined {
    if (client && this.#availability.isAwaitedBy(client)) return undefined
    if (hasIds && this.#sequencer?.position) return undefined
    const due = this.#availability.outage ?? (hasIds ? undefined : this.#unread(client))
    return due && gapData({ topic: this.topic, ...due, until: this.#context.now() })
  }

  /** Why the history has messages that a client without ids does not have yet. */
  #unread(client: Client | undefined): (Partial<Outage> & { reason: GapReason }) | undefined {
    if (this.#sequencer?.isRepairing) return this.#availability.lastOutage ?? UNREAD
    return client && this.#audience.isCatchingUp(client) ? UNREAD : undefined
  }

  /** The id up to which a client has the channel, if it joined and is up to date; undefined where that is unknown. */
  idOf(client: Client): string | undefined {
    const position = this.#audience.isCatchingUp(client) ? undefined : this.#sequencer?.position
    return position && encodeId(this.topic.name, position)
  }

  /* The broker. */

  /**
   * Finds the head of the channel's history. Call it before the channel is subscribed: clients hear what is published after
   * the head, or learn that they missed it. False when `isWanted` says no.
   */
  async findHead(histories: Histories, isWanted: () => boolean): Promise<boolean> {
    // While the broker is away, the channel would not be live either.
    const head = await histories.findHead(this.topic.name, isWanted)
    if (!isWanted()) return false
    if (head) {
      this.#sequencer?.begin(head.newest)
      if (this.#availability.outage) this.#isOutageBeforeHead = true
    } // otherwise the first message shows it, or the next check
    return true
  }

  message(message: Message): void {
    // The first message after a loss may come before the news that the topic is live again.
    if (this.#availability.outage) this.#recover()
    if (this.#sequencer) this.#sequencer.message(message)
    else this.#audience.deliver(message)
  }

  becomeLive(): void {
    this.#availability.becomeLive()
    this.#recover()
  }

  lose(outage: Outage): void {
    if (this.#availability.lose(outage)) this.#audience.interrupt()
  }

  /** The broker does not let the gateway subscribe to the topic. */
  reject(error: Error): void {
    this.#availability.refuse(error)
  }

  /** The broker refuses a topic that was live before. */
  refuse(): void {
    this.reject(new SubscribeRefused('Redis refuses the topic since it is back'))
    this.#audience.refuse(format => this.gapDue(format))
  }

  /** Its last client has left. */
  stop(): void {
    this.#sequencer?.stop()
  }

  /** What may have been missed is read from the history, or announced. */
  #recover(): void {
    const outage = this.#availability.endOutage()
    if (!outage) return
    const { since, reason } = outage
    const isRepaired = this.#sequencer?.recover(since)
    if (!isRepaired || this.#isOutageBeforeHead) this.#audience.gap(reason, since)
    this.#isOutageBeforeHead = false
  }
}

const UNREAD = { reason: 'history_unavailable' } as const
