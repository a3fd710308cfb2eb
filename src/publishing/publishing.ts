import type { Caller } from '../access/caller.js'
import type { Broker } from '../brokers/broker.js'
import type { Limits } from '../limits/limits.js'
import type { RateHeaders } from '../limits/rate-limit.js'
import type { Publication } from '../messages/message.js'
import { messageTooLarge, Problem } from '../protocol/problems.js'
import type { Published, PublishResult } from '../protocol/publish-result.js'
import type { Counters, PublishTransport } from '../telemetry/counters.js'
import { InFlight, withKey } from './idempotency.js'
import type { Draft } from './publication.js'

/** The publisher and its transport. */
export interface Publisher {
  /** The label of the metrics. */
  readonly transport: PublishTransport
  /** Keeps the idempotency keys of callers apart. */
  readonly caller: Pick<Caller, 'id'>
  /** The caller that the rate limit charges. Called only if a rate is set. */
  readonly owner: () => string
  /**
   * Throws the Problem of a caller that may not publish to the channel. Absent where this has been asked before: on
   * `POST /channels/{channel}` by the hook of access, and by an app that embeds the gateway.
   */
  readonly authorize?: (channel: string) => void
}

/** Parses one message of a transport. @throws Problem */
export type ReadDraft = () => Draft

export type PublishOutcome = Published | Problem

/**
 * The use case "publish", for every transport. Each message goes through the same steps in the same order:
 *
 *     charge the rate ─▶ parse ─▶ authorize ─▶ check the size ─▶ apply the idempotency key ─▶ broker ─▶ outcome
 *
 * A caller is charged for what it attempts, so a message that is refused later costs as much as one that is published.
 * Each message is counted once, under its outcome.
 */
export class Publishing {
  readonly #broker: Pick<Broker, 'publish'>
  readonly #limits: Pick<Limits, 'spend'>
  readonly #counters: Counters
  readonly #maxBytes: number
  readonly #inFlight = new InFlight()

  constructor({ broker, limits, counters, maxBytes }: PublishingOptions) {
    this.#broker = broker
    this.#limits = limits
    this.#counters = counters
    this.#maxBytes = maxBytes
  }

  /**
   * Publishes one message. `onCharged` gets the rate headers of the answer, where a rate is set.
   * @throws Problem when it was not published, or the outcome is unknown
   */
  async publish(by: Publisher, read: ReadDraft, onCharged?: (headers: RateHeaders) => void): Promise<Published> {
    const headers = this.charge(by, 1)
    if (headers) onCharged?.(headers)
    const publications = [this.admit(by, read)]
    const results = await this.#send(publications)
    this.#counters.publish(by.transport, publications, results)
    const outcome = outcomeOf(results[0])
    if (outcome instanceof Problem) throw outcome
    return outcome
  }

  /**
   * Publishes many messages in one trip to Redis. The outcomes are in the order of the messages.
   * @throws Problem when the rate does not allow so many
   */
  async publishAll(
    by: Publisher,
    reads: readonly ReadDraft[],
    onCharged?: (headers: RateHeaders) => void,
  ): Promise<PublishOutcome[]> {
    const headers = this.charge(by, reads.length)
    if (headers) onCharged?.(headers)
    const admitted = reads.map(read => orProblem(() => this.admit(by, read)))
    const publications = admitted.filter((each): each is Publication => !(each instanceof Problem))
    const outcomes = (await this.execute(by, publications)).values()
    return admitted.map(each => (each instanceof Problem ? each : (outcomes.next().value as PublishOutcome))) // one for each
  }

  /**
   * The first step by itself, for a transport that publishes between other commands.
   * @throws Problem `overloaded`, `rate-limited`
   */
  charge({ transport, owner }: Publisher, messages: number): RateHeaders | undefined {
    try {
      return this.#limits.spend(owner, messages)
    } catch (error) {
      if (error instanceof Problem) this.#counters.refusePublish(transport, error.type, messages)
      throw error
    }
  }

  /**
   * Everything that is asked about one message before the broker gets it.
   * @throws Problem
   */
  admit({ transport, caller, authorize }: Publisher, read: ReadDraft): Publication {
    try {
      const { publication, key } = read()
      authorize?.(publication.channel)
      if (publication.data.length > this.#maxBytes)
        throw messageTooLarge(publication.data.length, 'MAX_MESSAGE_BYTES', this.#maxBytes)
      return key === undefined ? publication : withKey(publication, { ...key, caller: caller.id })
    } catch (error) {
      if (error instanceof Problem) this.#counters.refusePublish(transport, error.type)
      throw error
    }
  }

  /** Hands messages to the broker. Each has an outcome, also where the broker gives none. */
  async execute({ transport }: Publisher, publications: readonly Publication[]): Promise<PublishOutcome[]> {
    if (publications.length === 0) return []
    const results = await this.#send(publications)
    this.#counters.publish(transport, publications, results)
    return publications.map((_, i) => outcomeOf(results[i]))
  }

  #send(publications: readonly Publication[]): Promise<PublishResult[]> {
    return publications.some(hasKey)
      ? this.#inFlight.publish(publications, free => this.#broker.publish(free))
      : this.#broker.publish(publications)
  }
}

export interface PublishingOptions {
  readonly broker: Pick<Broker, 'publish'>
  readonly limits: Pick<Limits, 'spend'>
  readonly counters: Counters
  /** `MAX_MESSAGE_BYTES`. */
  readonly maxBytes: number
}

const hasKey = ({ idempotency }: Publication): boolean => idempotency !== undefined

function outcomeOf(result: PublishResult | undefined): PublishOutcome {
  if (result && !('problem' in result)) return result
  const type = result?.problem ?? 'internal-error'
  return new Problem(type, undefined, type === 'idempotency-key-in-flight' ? { 'retry-after': '1' } : {})
}

function orProblem<Value>(attempt: () => Value): Value | Problem {
  try {
    return attempt()
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}
