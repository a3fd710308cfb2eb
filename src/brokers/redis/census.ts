import { randomUUID } from 'node:crypto'
import { BrokerUnavailable, type ListenerCounts, type PublishResult } from '../../broker.js'
import { RESERVED_PREFIX } from '../../names.js'
import type { Deployment } from './deployment.js'

type Asked = Pick<Deployment, 'publish' | 'subscriberCounts' | 'unavailable'>

/**
 * Counts the clients of all gateways by asking those that live now, over Pub/Sub. Nothing is kept
 * in Redis, so nothing has to be put right after a gateway was killed: Redis itself knows how many
 * gateways are connected and therefore how many answers to wait for.
 *
 *     PUBLISH carillon:gateways        {"question","replyTo","channels"}   to every gateway, the asker too
 *     PUBLISH carillon:gateway:<id>    {"question","counts"}               from each of them to the asker
 */
export class Census {
  /** The channel on which all gateways are asked. */
  static readonly ASSEMBLY = `${RESERVED_PREFIX}gateways`
  /** The channel on which this gateway is answered. */
  readonly inbox: string
  readonly #deployment: Asked
  readonly #timeout: number
  readonly #count: (channels: readonly string[]) => number[]
  readonly #open = new Map<string, (counts: readonly number[]) => void>()

  constructor(deployment: Asked, gatewayId: string, timeout: number, count: (channels: readonly string[]) => number[]) {
    this.#deployment = deployment
    this.#timeout = timeout
    this.#count = count
    this.inbox = `${RESERVED_PREFIX}gateway:${gatewayId}`
  }

  async ask(channels: readonly string[]): Promise<ListenerCounts> {
    // Without its own ear the gateway would hear no answer, and take that for zero.
    if (this.#deployment.unavailable) throw new BrokerUnavailable(this.#deployment.unavailable)
    const question = randomUUID()
    // Its own clients it knows, also where Redis has not acknowledged yet that it listens to the question.
    const sums = this.#count(channels)
    let answered = 0
    let expected = Number.POSITIVE_INFINITY
    let finish = (): void => {}
    const finished = new Promise<void>(resolve => {
      finish = resolve
    })
    this.#open.set(question, counts => {
      answered++
      for (const i of sums.keys()) sums[i] = (sums[i] ?? 0) + (counts[i] ?? 0)
      if (answered >= expected) finish()
    })
    const timer = setTimeout(finish, this.#timeout)
    try {
      expected = await this.#summon(JSON.stringify({ question, replyTo: this.inbox, channels }))
      if (answered < expected) await finished
      // Who has left since it was asked owes no answer.
      const unanswered = answered < expected ? Math.max(0, (await this.#gateways()) - answered) : 0
      return { counts: sums, unanswered }
    } catch (error) {
      throw new BrokerUnavailable('the gateways could not be asked', { cause: error })
    } finally {
      clearTimeout(timer)
      this.#open.delete(question)
    }
  }

  /** Takes a message on the assembly or on the inbox. What no gateway would say is passed over. */
  hear(channel: string, data: Buffer): void {
    const message = parse(data)
    if (typeof message?.question !== 'string') return
    if (channel === this.inbox) {
      if (isCounts(message.counts)) this.#open.get(message.question)?.(message.counts)
    } else if (
      typeof message.replyTo === 'string' &&
      message.replyTo.startsWith(RESERVED_PREFIX) &&
      isNames(message.channels)
    ) {
      const isOwn = message.replyTo === this.inbox
      const counts = isOwn ? [] : this.#count(message.channels)
      const answer = JSON.stringify({ question: message.question, counts })
      void this.#publish(message.replyTo, answer) // if it fails, the asker will say that one is missing
    }
  }

  async #summon(question: string): Promise<number> {
    // Redis's count of receivers would do, but it also counts who listens by a pattern.
    const [gateways, result] = await Promise.all([this.#gateways(), this.#publish(Census.ASSEMBLY, question)])
    if (!result || 'problem' in result) throw new BrokerUnavailable('the question could not be published')
    return gateways
  }

  async #publish(channel: string, message: string): Promise<PublishResult | undefined> {
    const [result] = await this.#deployment.publish([{ channel, data: Buffer.from(message) }])
    return result
  }

  async #gateways(): Promise<number> {
    const [count = 0] = await this.#deployment.subscriberCounts([Census.ASSEMBLY])
    return count
  }
}

function parse(data: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data.toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(name => typeof name === 'string')
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every(count => Number.isSafeInteger(count) && count >= 0)
