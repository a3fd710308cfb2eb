import type { Redis } from 'ioredis'
import type { PublishResult } from '../../broker.js'
import type { Logger } from '../../logger.js'
import type { Publication } from '../../message.js'
import type { ProblemType } from '../../problems.js'
import { JoinedCommand, JoinedCommands, type Words } from './joined-commands.js'
import { commandOf, type PublicationOptions, readAnswer } from './publication-command.js'
import { isUnknownScript } from './script.js'

interface Pending {
  readonly publications: readonly Publication[]
  resolve(results: PublishResult[]): void
}

/** What Redis answered to one command of a pipeline. */
type Answer = readonly [error: Error | null, value: unknown]

/**
 * Publishes over one connection. What comes in one event-loop tick goes out in one write, in the
 * order in which it came; each publication is executed at most once, and what became of it is told:
 *
 * - Redis's count of receivers;
 * - `broker-unavailable`: not sent;
 * - `overloaded`: not sent, as too much waits for Redis already;
 * - `channel-refused`, `broker-rejected`: sent, and refused by Redis;
 * - `broker-unavailable`, `write-refused`: sent, and not executed, as the server cannot do it now;
 * - `outcome-unknown`: sent, and the connection died before the answer.
 *
 * What a publication is as a command stands in `publication-command.ts`.
 */
export class Publisher {
  readonly #redis: Redis
  readonly #log: Logger
  readonly #options: PublicationOptions
  #pending: Pending[] = []
  /** What is not answered yet takes about so much memory. */
  #waiting = 0

  constructor(redis: Redis, log: Logger, options: PublicationOptions = {}) {
    this.#redis = redis
    this.#log = log
    this.#options = options
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    // A Redis that hangs is noticed after its timeout; until then whoever is fast could fill the memory.
    if (this.#waiting > MAX_WAITING_BYTES) return Promise.resolve(publications.map(() => ({ problem: 'overloaded' })))
    return new Promise(resolve => {
      if (this.#pending.push({ publications, resolve }) === 1) setImmediate(() => void this.#flush())
    })
  }

  async #flush(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    const publications =
      pending.length === 1 && pending[0] ? pending[0].publications : pending.flatMap(p => p.publications)
    let bytes = 0
    for (const { data } of publications) bytes += data.length + OVERHEAD_BYTES
    this.#waiting += bytes
    const results = await this.#send(publications)
    this.#waiting -= bytes
    let at = 0
    for (const { publications, resolve } of pending) {
      resolve(results.slice(at, at + publications.length))
      at += publications.length
    }
  }

  async #send(publications: readonly Publication[]): Promise<PublishResult[]> {
    if (this.#redis.status !== 'ready') return publications.map(() => ({ problem: 'broker-unavailable' }))
    const commands = publications.map(publication => commandOf(publication, this.#options))
    const answers = await this.#pipeline(commands.map(command => ('byDigest' in command ? command.byDigest : command)))
    await this.#teach(commands, answers)
    return publications.map((publication, i) => this.#read(publication, answers[i]))
  }

  /** In one write. A pipeline of ioredis does the same, and makes more objects and promises for each command. */
  #pipeline(commands: readonly Words[]): Promise<Answer[]> {
    const joined = new JoinedCommands()
    const line = { isPipeline: true as const, destination: { redis: this.#redis }, write: () => {} }
    const answers = commands.map(words => {
      const command = new JoinedCommand(words, joined)
      this.#redis.sendCommand(command, line)
      return command.promise.then(
        (value): Answer => [null, value],
        (error: Error): Answer => [error, undefined],
      )
    })
    // Before anything else is sent: the answers come in the order in which ioredis has noted the commands.
    if (!joined.isEmpty) this.#redis.stream.write(joined.toBuffer())
    return Promise.all(answers)
  }

  /** Scripts that the server did not know, and so did not execute, are sent with their text. Puts the answers into their places. */
  async #teach(commands: ReturnType<typeof commandOf>[], answers: Answer[]): Promise<void> {
    const unknown = commands.flatMap((command, i) => {
      const error = answers[i]?.[0]
      return error && 'byText' in command && isUnknownScript(error) ? [{ i, text: command.byText }] : []
    })
    if (unknown.length === 0) return
    if (this.#redis.status !== 'ready') return // NOSCRIPT stands for itself: not executed
    const second = await this.#pipeline(unknown.map(({ text }) => text))
    for (const [at, { i }] of unknown.entries()) answers[i] = second[at] ?? [null, undefined]
  }

  #read(publication: Publication, [error, value]: Answer = [null, undefined]): PublishResult {
    if (error) return { problem: this.#classify(error) }
    return readAnswer(publication, value) ?? { problem: 'outcome-unknown' }
  }

  #classify(error: Error): ProblemType {
    if (error.name === 'ReplyError') {
      if (REFUSED.test(error.message)) return 'channel-refused'
      if (NOT_EXECUTED.test(error.message)) return 'broker-unavailable'
      const problem = CANNOT_WRITE.test(error.message) ? 'write-refused' : 'broker-rejected'
      this.#log.warn({ err: error, problem }, 'redis rejected a publish')
      return problem
    }
    return error.message.startsWith(NOT_WRITABLE) ? 'broker-unavailable' : 'outcome-unknown'
  }
}

const MAX_WAITING_BYTES = 32 * 1024 * 1024

/** Of a publish that waits, beside its message: its command, its promises, the request or frame behind it. */
const OVERHEAD_BYTES = 4096

/** How ioredis says that it did not send a command. */
const NOT_WRITABLE = "Stream isn't writeable"

/** How Redis, and Valkey, say that an ACL rule forbids it, also from inside a script. */
const REFUSED = /^NOPERM|can't (?:publish to|access at least one of) the channel|No permissions to access a channel/

/** How Redis says that it is not the one to do it now. */
const NOT_EXECUTED =
  /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|LOADING|MASTERDOWN|BUSY|NOSCRIPT) |attempted to access a non local key|-READONLY /

/** How Redis says that it cannot keep anything now, also from inside a script: out of memory, unable to save, without the replicas it wants. */
const CANNOT_WRITE = /^-?(?:OOM|MISCONF|NOREPLICAS) |-(?:OOM|MISCONF|NOREPLICAS) |'maxmemory'/
