import { requireAllowedWithin, WorkBudget } from '../access/authorization.js'
import type { Caller } from '../access/caller.js'
import type { Hub } from '../fanout/hub.js'
import { startPositionsOf } from '../history/start-position.js'
import { toJson } from '../messages/json-text.js'
import { channelProblem, patternProblem } from '../messages/names.js'
import { channelTopic, describeTopic, patternTopic, type Topic, topicKey } from '../messages/topic.js'
import { nameProblem, Problem } from '../protocol/problems.js'
import {
  type Ref,
  readRequest,
  type SessionAnswer,
  type SessionRequest,
  type SubscribeRequest,
} from '../protocol/session-protocol.js'
import { webSocketText } from '../protocol/web-socket.js'
import { draftFromJson } from '../publishing/publication.js'
import type { Publisher, Publishing } from '../publishing/publishing.js'
import { STEPS_PER_TURN } from './cooperative-yielding.js'
import type { Stream } from './stream.js'

export interface SessionOptions {
  caller: Caller
  /** The caller that limits count it for. */
  owner: string
  publishing: Publishing
}

/** One client on the multiplexed WebSocket: it subscribes, unsubscribes and publishes as it goes. */
export class Session {
  readonly #stream: Stream
  readonly #hub: Hub
  readonly #caller: Caller
  readonly #publishing: Publishing
  readonly #publisher: Publisher
  /** Subscriptions that were asked for and are not live yet. */
  readonly #pending = new Map<string, Pending>()
  #work = new WorkBudget()
  #frames = 0

  constructor(stream: Stream, hub: Hub, { caller, owner, publishing }: SessionOptions) {
    this.#stream = stream
    this.#hub = hub
    this.#caller = caller
    this.#publishing = publishing
    this.#publisher = {
      transport: 'websocket',
      caller,
      owner: () => owner,
      authorize: channel => requireAllowedWithin(this.#work, caller, 'publish', [channelTopic(channel)]),
    }
    // Answers come through the queue, also before the first subscription, which would bring the client there.
    stream.group?.join(stream.subscriber)
  }

  /**
   * Takes one frame; one that is no request of the protocol ends the connection. The effect begins at once, in the
   * order of the frames; the answer may come later.
   */
  async receive(frame: Buffer): Promise<void> {
    // The frames that are taken in one turn cost no more together than one request may.
    if (++this.#frames % STEPS_PER_TURN === 0) this.#work = new WorkBudget()
    const request = readRequest(frame)
    if ('problem' in request) {
      this.#fail(request.problem, request.ref)
      return this.#stream.close('bad_message')
    }
    try {
      this.#answer(await this.#handle(request))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.#fail(error, request.ref)
      if (error.type === 'too-many-subscriptions') this.#stream.close('too_many_subscriptions')
    }
  }

  #handle(request: SessionRequest): SessionAnswer | Promise<SessionAnswer> {
    const { ref } = request
    switch (request.type) {
      case 'subscribe':
        return this.#subscribe(readTopic(request), request)
      case 'unsubscribe': {
        const topic = readTopic(request)
        this.#giveUp(topicKey(topic))
        this.#stream.unsubscribe(topic)
        return { type: 'unsubscribed', ref, ...describeTopic(topic) }
      }
      case 'publish':
        return this.#publish(request)
      case 'ping':
        return { type: 'pong', ref }
    }
  }

  async #subscribe(topic: Topic, { ref, after, since, last }: SubscribeRequest): Promise<SessionAnswer> {
    requireAllowedWithin(this.#work, this.#caller, 'subscribe', [topic])
    const key = topicKey(topic)
    const places = startPositionsOf({ cursor: after, since, last }, [topic], it => this.#hub.hasHistory(it))
    if (places.size > 0 && this.#stream.has(topic)) throw alreadySubscribed(topic, { after, since, last })
    let pending = this.#pending.get(key)
    if (!pending) {
      pending = untilGivenUp(this.#stream.subscribe([topic], places))
      this.#pending.set(key, pending)
    }
    await pending.settled.finally(() => {
      if (this.#pending.get(key) === pending) this.#pending.delete(key)
    })
    const id = this.#hub.locate(this.#stream, topic)
    return { type: 'subscribed', ref, ...describeTopic(topic), ...(id !== undefined && { id }) }
  }

  #giveUp(key: string): void {
    this.#pending.get(key)?.giveUp()
    this.#pending.delete(key)
  }

  async #publish(request: SessionRequest & { type: 'publish' }): Promise<SessionAnswer> {
    const published = await this.#publishing.publish(this.#publisher, () => draftFromJson(request))
    return { type: 'published', ref: request.ref, channel: request.channel, ...published }
  }

  #fail(problem: Problem, ref: Ref | undefined): void {
    this.#answer({ type: 'error', ref, problem: problem.toJSON() })
  }

  /** Through the queue, so that an answer keeps its order among the messages. */
  #answer(answer: SessionAnswer): void {
    this.#stream.group?.push(webSocketText(toJson(answer)))
    this.#stream.group?.flush()
  }
}

/** Where to begin can be chosen once: messages of the first subscription may already be on their way. */
function alreadySubscribed({ kind, name }: Topic, place: Record<string, unknown>): Problem {
  const given = Object.entries(place).filter(([, value]) => value !== undefined)
  const fields = given.map(([field]) => `"${field}"`).join(' and ')
  return new Problem(
    'invalid-request',
    `The ${kind} "${name}" is already subscribed on this connection, so ${fields} cannot take effect. Unsubscribe from it first, or leave out ${fields}.`,
  )
}

interface Pending {
  /** Rejects with a Problem when it was given up: the subscription itself would not settle any more. */
  readonly settled: Promise<void>
  giveUp(): void
}

function untilGivenUp(live: Promise<void>): Pending {
  let giveUp = (): void => {}
  const givenUp = new Promise<void>((_resolve, reject) => {
    giveUp = () =>
      reject(new Problem('invalid-request', 'The topic was unsubscribed before its subscription was live.'))
  })
  return { settled: Promise.race([live, givenUp]), giveUp }
}

/** @throws Problem */
function readTopic({ channel, pattern }: { channel?: string; pattern?: string }): Topic {
  if (channel !== undefined && pattern === undefined) return usable(channelTopic(channel), channelProblem(channel))
  if (pattern !== undefined && channel === undefined) return usable(patternTopic(pattern), patternProblem(pattern))
  throw new Problem('invalid-request', 'A frame must have either "channel" or "pattern".')
}

function usable(topic: Topic, problem: ReturnType<typeof channelProblem>): Topic {
  if (problem) throw nameProblem(problem, topic.name)
  return topic
}
