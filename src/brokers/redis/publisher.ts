import type { Redis } from 'ioredis'
import type { Publication } from '../../messages/message.js'
import { type Answer, sendJoined, type Words } from '../../node-internals/joined-commands.js'
import type { ProblemType } from '../../protocol/problem-types.js'
import type { PublishResult } from '../../protocol/publish-result.js'
import type { Logger } from '../../telemetry/logger.js'
import { commandOf, type PublicationOptions, readAnswer, type ScriptCall } from './commands/publish-command.js'
import { PublishScript } from './commands/publish-script.js'
import { isUnknownScript } from './commands/script.js'
import { describeWrongKeys, isWrongType, WRONG_TYPE } from './commands/wrong-type.js'
import type { Connection } from './connection/connection.js'

interface Pending {
  readonly publications: readonly Publication[]
  /** About as much memory as they take. */
  readonly bytes: number
  resolve(results: PublishResult[]): void
}

/** Commands that were sent in one write. Of their answers some may say that Redis does not know the script. */
interface Sent {
  readonly commands: readonly (Words | ScriptCall)[]
  readonly answers: Answer[]
  /** Each has the answer that counts. */
  done(): void
}

/**
 * Publishes over one connection. What comes in one event-loop tick goes out in one write, in the
 * order in which it came; each publication is executed at most once, and its outcome is returned:
 *
 * - Redis's count of receivers;
 * - `broker-unavailable`: not sent;
 * - `overloaded`: not sent, as too much waits for Redis already;
 * - `channel-refused`, `broker-rejected`: sent, and refused by Redis;
 * - `broker-unavailable`, `write-refused`: sent, and not executed, as the server cannot do it now;
 * - `outcome-unknown`: sent, and the connection died before the answer.
 *
 * `commands/publish-command.ts` builds the command of a publication.
 *
 * Per channel they are executed in that order, too, when Redis has lost its scripts in between. From the first call
 * that fails so to the last one that was sent, all of a channel fail; nothing else is sent until all have been
 * answered; then they go out again, in their order, with the text of the script.
 *
 *     sent   1 ok   2 NOSCRIPT   3 NOSCRIPT ┊ held: 4 5 ┊ SCRIPT LOAD   2   3   4   5
 */
export class Publisher {
  readonly #connection: Pick<Connection, 'redis' | 'lineage'>
  readonly #redis: Redis
  readonly #log: Logger
  readonly #options: PublicationOptions
  readonly #script: PublishScript
  #pending: Pending[] = []
  /** The approximate memory of commands without an answer. */
  #waiting = 0
  /** Writes that are not answered yet. */
  #unanswered = 0
  /** Channels that have script calls under way which may fail for a lost script, and how many. */
  readonly #calls = new Map<string, number>()
  /** Writes with calls that failed so, in the order in which they were sent. */
  #toRepeat: Sent[] = []

  constructor(connection: Pick<Connection, 'redis' | 'lineage'>, log: Logger, options: PublicationOptions = {}) {
    this.#connection = connection
    this.#redis = connection.redis
    this.#script = new PublishScript(connection.redis)
    this.#log = log
    this.#options = options
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    // An unresponsive Redis is noticed after its timeout. Until then fast publishers could fill the memory.
    if (this.#waiting > MAX_WAITING_BYTES) return Promise.resolve(publications.map(() => ({ problem: 'overloaded' })))
    let bytes = 0
    for (const { data } of publications) bytes += data.length + OVERHEAD_BYTES
    this.#waiting += bytes
    return new Promise(resolve => {
      if (this.#pending.push({ publications, bytes, resolve }) === 1) setImmediate(() => void this.#flush())
    })
  }

  async #flush(): Promise<void> {
    if (this.#toRepeat.length > 0) return // what came before goes out first, and this right behind
    const pending = this.#pending
    if (pending.length === 0) return
    this.#pending = []
    const publications =
      pending.length === 1 && pending[0] ? pending[0].publications : pending.flatMap(p => p.publications)
    const results = await this.#send(publications)
    let at = 0
    for (const { publications, bytes, resolve } of pending) {
      this.#waiting -= bytes
      resolve(results.slice(at, at + publications.length))
      at += publications.length
    }
  }

  async #send(publications: readonly Publication[]): Promise<PublishResult[]> {
    if (this.#redis.status !== 'ready') return publications.map(() => ({ problem: 'broker-unavailable' }))
    const { lineage } = this.#connection
    const called: string[] = []
    const commands = publications.map(publication => {
      const { channel } = publication
      const command = commandOf(publication, this.#options, { asCall: this.#calls.has(channel), lineage })
      if ('args' in command && this.#script.isLoaded) {
        called.push(channel)
        this.#calls.set(channel, (this.#calls.get(channel) ?? 0) + 1)
      }
      return command
    })
    this.#unanswered++
    const answers = await sendJoined(
      this.#redis,
      commands.map(command => ('args' in command ? this.#script.call(command.args) : command)),
    )
    this.#unanswered--
    for (const channel of called) {
      const others = (this.#calls.get(channel) ?? 1) - 1
      if (others > 0) this.#calls.set(channel, others)
      else this.#calls.delete(channel)
    }
    const repeated = called.length > 0 && answers.some(isLost) ? this.#repeatLater(commands, answers) : undefined
    if (this.#toRepeat.length > 0 && this.#unanswered === 0) this.#repeat()
    await repeated
    return publications.map((publication, i) => this.#read(publication, answers[i]))
  }

  /** Resolves when the calls that Redis did not execute, as it did not know the script, have another answer. */
  #repeatLater(commands: Sent['commands'], answers: Answer[]): Promise<void> {
    return new Promise(done => this.#toRepeat.push({ commands, answers, done }))
  }

  /** Nothing is under way: what was not executed is sent again, and what has come meanwhile behind it. */
  #repeat(): void {
    const sent = this.#toRepeat
    this.#toRepeat = []
    void this.#sendTexts(sent)
    void this.#flush()
  }

  async #sendTexts(sent: readonly Sent[]): Promise<void> {
    const lost = sent.flatMap(({ commands, answers }) =>
      commands.flatMap((command, i) => ('args' in command && isLost(answers[i]) ? [{ command, answers, i }] : [])),
    )
    // Otherwise NOSCRIPT means: not executed.
    if (this.#redis.status === 'ready') {
      const texts = lost.map(({ command }) => this.#script.callByText(command.args))
      const [, ...second] = await sendJoined(this.#redis, [this.#script.loading, ...texts])
      for (const [at, { answers, i }] of lost.entries()) answers[i] = second[at] ?? [null]
    }
    for (const { done } of sent) done()
  }

  #read(publication: Publication, [error, value]: Answer = [null]): PublishResult {
    if (error) return { problem: this.#classify(error, publication) }
    return readAnswer(publication, value) ?? { problem: 'outcome-unknown' }
  }

  #classify(error: Error, { channel, idempotency }: Publication): ProblemType {
    if (error.name === 'ReplyError') {
      if (isWrongType(error)) {
        void describeWrongKeys(this.#redis, channel, idempotency?.key).then(keys => {
          this.#log.error({ keys }, WRONG_TYPE)
        })
        return 'wrong-key-type'
      }
      if (REFUSED.test(error.message)) return 'channel-refused'
      if (NOT_EXECUTED.test(error.message)) return 'broker-unavailable'
      const problem = CANNOT_WRITE.test(error.message) ? 'write-refused' : 'broker-rejected'
      this.#log.warn({ err: error, problem }, 'redis rejected a publish')
      return problem
    }
    return error.message.startsWith(NOT_WRITABLE) ? 'broker-unavailable' : 'outcome-unknown'
  }
}

const isLost = (answer: Answer | undefined): boolean => answer?.[0] != null && isUnknownScript(answer[0])

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
