import type { Redis } from 'ioredis'
import type { Words } from '../../../node-internals/joined-commands.js'
import { APPEND_AND_PUBLISH } from './append-and-publish.js'
import { PUBLISH_WITH_METADATA } from './publish-with-metadata.js'

/**
 * The script that publishes, as one connection calls it: by a digest that no other connection uses.
 *
 * Commands that follow one another without waiting for answers stay in order only as long as they fail together. After
 * a `SCRIPT FLUSH` a call by digest fails, and so do all that follow, until the script is loaded again. With a shared
 * digest another gateway would load it at any moment: the fifth call of a connection could fail and the sixth be
 * executed. So each connection loads a text of its own, and only while no call of it is under way.
 *
 * The texts differ in the number of the connection's socket at the server: no two connections have the same one at a
 * time, and it is used again after them. A random number would leave a script behind for each connection there ever
 * was, as Redis does not forget one that was loaded.
 */
export class PublishScript {
  readonly #redis: Redis
  /** How many connections there were before this one. */
  #connection = 0
  /** The connection that the rest is about. */
  #loadedFor: number | undefined
  #text = SOURCE
  #digest: string | undefined

  constructor(redis: Redis) {
    this.#redis = redis
    redis.on('close', () => this.#connection++)
  }

  /** Calls go by digest and may meet a server that does not know it. Until then, each carries the text. */
  get isLoaded(): boolean {
    return this.#digest !== undefined && this.#loadedFor === this.#connection
  }

  /** The first call on a connection makes it load the script. */
  call(args: Words): Words {
    if (this.#loadedFor !== this.#connection) void this.#load()
    return this.#digest === undefined ? this.callByText(args) : ['evalsha', this.#digest, ...args]
  }

  /** Always executed, no matter which scripts the server knows. */
  callByText(args: Words): Words {
    return ['eval', this.#text, ...args]
  }

  /** The command that loads the text again. */
  get loading(): Words {
    return ['script', 'load', this.#text]
  }

  async #load(): Promise<void> {
    const redis = this.#redis
    const connection = this.#connection
    this.#loadedFor = connection
    this.#text = SOURCE
    this.#digest = undefined
    try {
      const [, socket] = /\bfd=(\d+)\b/.exec(String(await redis.call('client', 'info'))) ?? []
      if (socket === undefined) return
      const text = Buffer.from(`${SOURCE}\n-- ${socket}`)
      const digest = String(await redis.call('script', 'load', text))
      const isCalled = await redis.call('evalsha', UNKNOWN_DIGEST, '0').catch(isNoScript)
      if (this.#connection !== connection || isCalled !== true) return
      this.#text = text
      this.#digest = digest
    } catch {
      // Refused, or the connection is gone. Calls with the text do the same, and cost more.
    }
  }
}

/** The expected answer of the server to a call; otherwise calls by digest are refused. */
const isNoScript = ({ message }: Error): boolean => message.startsWith('NOSCRIPT')
const UNKNOWN_DIGEST = '0'.repeat(40)

/** One text for both, as two digests would not fail together. They differ in the number of their arguments. */
const SOURCE = Buffer.from(`if #ARGV == 6 then\n${PUBLISH_WITH_METADATA}\nend\n${APPEND_AND_PUBLISH.source}`)
