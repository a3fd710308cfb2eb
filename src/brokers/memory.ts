import type { Broker, BrokerListener, ListenerCounts, PublishResult } from '../broker.js'
import { globMatcher } from '../glob.js'
import { Message, type Publication } from '../message.js'
import { isReservedChannel } from '../names.js'
import { type Topic, topicKey, topicMatcher } from '../topic.js'

/**
 * The embedded broker: the behaviour of one Redis with this gateway as its only client, in this
 * process. It is always available and loses nothing but what a restart of the process loses.
 */
export class MemoryBroker implements Broker {
  readonly unavailable = undefined
  readonly hasPatterns = true
  readonly #topics = new Map<string, { topic: Topic; covers: (channel: string) => boolean }>()
  #patterns = 0
  #listener: BrokerListener | undefined

  start(listener: BrokerListener): void {
    this.#listener = listener
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    return Promise.resolve(publications.map(publication => ({ receivers: this.#dispatch(publication) })))
  }

  subscribe(topic: Topic): Promise<void> {
    this.#topics.set(topicKey(topic), { topic, covers: topicMatcher(topic) })
    if (topic.kind === 'pattern') this.#patterns++
    // Not before the caller has the promise in its hands, as with a broker over a network.
    return Promise.resolve().then(() => this.#listener?.live(topic))
  }

  unsubscribe(topic: Topic): void {
    if (this.#topics.delete(topicKey(topic)) && topic.kind === 'pattern') this.#patterns--
  }

  channels(glob: string): Promise<string[]> {
    const matches = globMatcher(glob)
    const names = [...this.#topics.values()]
      .filter(({ topic }) => topic.kind === 'channel')
      .map(({ topic }) => topic.name)
    return Promise.resolve(names.filter(matches))
  }

  subscriberCounts(channels: readonly string[]): Promise<number[]> {
    return Promise.resolve(channels.map(name => (this.#topics.has(topicKey({ kind: 'channel', name })) ? 1 : 0)))
  }

  listenerCounts(channels: readonly string[]): Promise<ListenerCounts> {
    return Promise.resolve({ counts: this.#listener?.countListeners(channels) ?? [], unanswered: 0 })
  }

  close(): Promise<void> {
    this.#topics.clear()
    return Promise.resolve()
  }

  #dispatch(publication: Publication): number {
    if (isReservedChannel(publication.channel)) return 0 // nobody listens there, and no pattern may
    const message = new Message(publication)
    let receivers = 0
    if (this.#topics.has(topicKey({ kind: 'channel', name: message.channel }))) {
      this.#listener?.message(message)
      receivers++
    }
    if (this.#patterns === 0) return receivers
    for (const { topic, covers } of this.#topics.values()) {
      if (topic.kind !== 'pattern' || !covers(message.channel)) continue
      this.#listener?.message(message, topic.name)
      receivers++
    }
    return receivers
  }
}
