import type { Redis } from 'ioredis'
import type { PublishResult } from '../../broker.js'
import type { Logger } from '../../logger.js'
import type { Publication } from '../../message.js'
import { RESERVED_PREFIX } from '../../names.js'
import { companionOf, encodeMetadata } from './wire.js'

interface Pending {
  readonly publications: readonly Publication[]
  resolve(results: PublishResult[]): void
}

export interface PublisherOptions {
  /** Sharded Pub/Sub. */
  readonly sharded?: boolean
  /** A replica would take a PUBLISH and keep it to itself; with the fence it refuses. Costs a script each time. */
  readonly fenced?: boolean
}

/** What Redis answered to one command of a pipeline. */
type Answer = readonly [error: Error | null, value: unknown]

/**
 * Publishes over one connection. What comes in one event-loop tick goes out in one write, in the
 * order in which it came; each publication is sent at most once, and what became of it is told:
 *
 * - Redis's count of receivers;
 * - `broker-unavailable`: not sent;
 * - `channel-refused`, `broker-rejected`: sent, and refused by Redis;
 * - `broker-unavailable` too: sent, and not executed, as the server is not the one to do it now;
 * - `outcome-unknown`: sent, and the connection died before the answer.
 */
export class Publisher {
  readonly #redis: Redis
  readonly #log: Logger
  readonly #options: PublisherOptions
  #pending: Pending[] = []

  constructor(redis: Redis, log: Logger, options: PublisherOptions = {}) {
    this.#redis = redis
    this.#log = log
    this.#options = options
  }

  publish(publications: readonly Publication[]): Promise<PublishResult[]> {
    return new Promise(resolve => {
      if (this.#pending.push({ publications, resolve }) === 1) setImmediate(() => void this.#flush())
    })
  }

  async #flush(): Promise<void> {
    const pending = this.#pending
    this.#pending = []
    const publications =
      pending.length === 1 && pending[0] ? pending[0].publications : pending.flatMap(p => p.publications)
    const results = await this.#send(publications)
    let at = 0
    for (const { publications, resolve } of pending) {
      resolve(results.slice(at, at + publications.length))
      at += publications.length
    }
  }

  async #send(publications: readonly Publication[]): Promise<PublishResult[]> {
    if (this.#redis.status !== 'ready') return publications.map(() => ({ problem: 'broker-unavailable' }))
    const commands = publications.map(publication => commandOf(publication, this.#options))
    const answers: Answer[] = (await this.#redis.pipeline(commands).exec()) ?? []
    return publications.map((_, i) => this.#read(answers[i]))
  }

  #read([error, receivers]: Answer = [null, undefined]): PublishResult {
    if (error) return { problem: this.#classify(error) }
    return typeof receivers === 'number' ? { receivers } : { problem: 'outcome-unknown' }
  }

  #classify(error: Error): 'broker-unavailable' | 'channel-refused' | 'broker-rejected' | 'outcome-unknown' {
    if (error.name === 'ReplyError') {
      if (REFUSED.test(error.message)) return 'channel-refused'
      if (NOT_EXECUTED.test(error.message)) return 'broker-unavailable'
      this.#log.warn({ err: error }, 'redis rejected a publish')
      return 'broker-rejected'
    }
    return error.message.startsWith(NOT_WRITABLE) ? 'broker-unavailable' : 'outcome-unknown'
  }
}

/** How ioredis says that it did not send a command. */
const NOT_WRITABLE = "Stream isn't writeable"

/** How Redis says that an ACL rule forbids it, also from inside a script. */
const REFUSED = /^NOPERM|can't (?:publish to|access at least one of) the channel/

/** How Redis says that it is not the one to do it now. */
const NOT_EXECUTED =
  /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|LOADING|MASTERDOWN|BUSY) |attempted to access a non local key/

/**
 * What Redis is told for one publication. What takes several steps is a script and not a
 * transaction: out of memory, Redis still takes a PUBLISH and a script, but nothing into a MULTI.
 */
function commandOf(publication: Publication, { sharded = false, fenced = false }: PublisherOptions): Command {
  const { channel, data } = publication
  const command = sharded ? 'spublish' : 'publish'
  const metadata = encodeMetadata(publication)
  if (metadata === undefined && !fenced) return [command, channel, data]
  const companion = metadata === undefined ? '' : companionOf(channel)
  return ['eval', SCRIPT, '0', command, channel, data, companion, metadata ?? '', fenced ? FENCE_KEY : '']
}

type Command = (string | Buffer)[]

const SCRIPT = `
local command, channel, data, companion, metadata, fence = unpack(ARGV)
if fence ~= '' then redis.call('del', fence) end
if companion ~= '' then redis.call(command, companion, metadata) end
return redis.call(command, channel, data)`

/** A key that never exists. A replica refuses to delete it, and the script ends there. */
const FENCE_KEY = `${RESERVED_PREFIX}fence`
