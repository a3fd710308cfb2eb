import { randomUUID } from 'node:crypto'
import { RESERVED_PREFIX } from '../../messages/names.js'
import type { PublishResult } from '../../protocol/publish-result.js'
import { BrokerUnavailable, type ListenerCounts } from '../broker.js'
import type { Topology } from './topology.js'

type Count = (channels: readonly string[], isWanted: () => boolean) => Promise<number[] | undefined>
type Asked = Pick<Topology, 'publish' | 'subscriberCounts' | 'unavailable'>

/**
 * Counts the clients of all gateways by asking those that live now, over Pub/Sub. Nothing is kept
 * in Redis, so nothing has to be put right after a gateway was killed: Redis itself knows how many
 * gateways are connected and therefore how many answers to wait for.
 *
 *     PUBLISH carillon:gateways        {"question","replyTo","channels"}   to every gateway, the asker too
 *     PUBLISH carillon:gateway:<id>    {"question","counts"}               from each of them to the asker
 */
export class ListenerCounter {
  /** The channel on which all gateways are asked. */
  static readonly ASSEMBLY = `${RESERVED_PREFIX}gateways`
  /** The channel on which this gateway is answered. */
  readonly inbox: string
  readonly #topology: Asked
  readonly #timeout: number
  readonly #count: Count
  /** Done when the questions so far have been answered, one after the other. */
  #answering: Promise<void> = Promise.resolve()
  readonly #open = new Map<string, (counts: readonly number[]) => void>()

  constructor(topology: Asked, gatewayId: string, timeout: number, count: Count) {
    this.#topology = topology
    this.#timeout = timeout
    this.#count = count
    this.inbox = `${RESERVED_PREFIX}gateway:${gatewayId}`
  }

  async ask(channels: readonly string[]): Promise<ListenerCounts> {
    // Without its own subscription the gateway would get no answer, and count zero.
    if (this.#topology.unavailable) throw new BrokerUnavailable(this.#topology.unavailable)
    const question = randomUUID()
    // Its own clients it knows, also where Redis has not acknowledged yet that it listens to the question.
    const own = await this.#count(channels, this.#untilTimeout())
    const sums = own ?? channels.map(() => 0)
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
      expected = await this.#ask(JSON.stringify({ question, replyTo: this.inbox, channels }))
      if (answered < expected) await finished
      // A gateway that has left since then owes no answer.
      const unanswered = answered < expected ? Math.max(0, (await this.#gateways()) - answered) : 0
      return { counts: sums, unanswered: unanswered + (own ? 0 : 1) }
    } catch (error) {
      throw new BrokerUnavailable('the gateways could not be asked', { cause: error })
    } finally {
      clearTimeout(timer)
      this.#open.delete(question)
    }
  }

  /** Takes a message on the assembly or on the inbox. A message that no gateway would send is ignored. */
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
      const { question, replyTo, channels } = message
      const isWanted = this.#untilTimeout()
      // One at a time: however many ask, others have their turn after each slice.
      this.#answering = this.#answering.then(() => this.#answer({ question, replyTo, channels, isWanted }))
    }
  }

  /** Where there is no answer, or none in time, the asker says that one is missing. */
  async #answer({ question, replyTo, channels, isWanted }: Question): Promise<void> {
    if (!isWanted()) return
    const counts = replyTo === this.inbox ? [] : await this.#count(channels, isWanted)
    if (counts) void this.#publish(replyTo, JSON.stringify({ question, counts }))
  }

  /** Returns true until a question that arrives now would time out. */
  #untilTimeout(): () => boolean {
    const deadline = performance.now() + this.#timeout
    return () => performance.now() < deadline
  }

  async #ask(question: string): Promise<number> {
    // Redis's count of receivers also includes subscribers by pattern.
    const [gateways, result] = await Promise.all([this.#gateways(), this.#publish(ListenerCounter.ASSEMBLY, question)])
    if (!result || 'problem' in result) throw new BrokerUnavailable('the question could not be published')
    return gateways
  }

  async #publish(channel: string, message: string): Promise<PublishResult | undefined> {
    const [result] = await this.#topology.publish([{ channel, data: Buffer.from(message) }])
    return result
  }

  async #gateways(): Promise<number> {
    const [count = 0] = await this.#topology.subscriberCounts([ListenerCounter.ASSEMBLY])
    return count
  }
}

interface Question {
  readonly question: string
  readonly replyTo: string
  readonly channels: readonly string[]
  readonly isWanted: () => boolean
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
