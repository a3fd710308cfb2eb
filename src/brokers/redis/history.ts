import type { Redis } from 'ioredis'
import { Message } from '../../messages/message.js'
import type { Position } from '../../messages/position.js'
import type { Logger } from '../../telemetry/logger.js'
import { BrokerUnavailable, HistoryUnusable } from '../broker.js'
import type { Continuity, History, HistoryInfo, HistoryPage, HistoryQuery, HistoryRule } from '../history.js'
import { FLEETING_MS, MEMORY_MS } from '../history.js'
import type { HistoryRules } from '../history-rules.js'
import { historyKey, positionKey } from './commands/keys.js'
import { lineageWords } from './commands/lineage.js'
import { readPosition } from './commands/metadata.js'
import { nonce } from './commands/publish-command.js'
import { INFO, LOCATE, READ } from './commands/read-history.js'
import { readByScript, type Script } from './commands/script.js'
import { describeWrongKeys, isWrongType, WRONG_TYPE } from './commands/wrong-type.js'
import type { Topology } from './topology.js'

/** The histories in Redis, as `commands/append-and-publish.ts` writes them. */
export class RedisHistory implements History {
  readonly #topology: Topology
  readonly #rules: HistoryRules
  readonly #log: Logger

  constructor(topology: Topology, rules: HistoryRules, log: Logger) {
    this.#log = log
    this.#topology = topology
    this.#rules = rules
  }

  ruleOf(channel: string): HistoryRule | undefined {
    return this.#rules.ruleOf(channel)
  }

  async read(channel: string, { after, since, within, last, limit, maxBytes }: HistoryQuery): Promise<HistoryPage> {
    const rule = this.ruleOf(channel)
    if (!rule) return NOTHING
    const check = after ? after.check.toString(16).padStart(8, '0') : ''
    const args = [
      after?.offset ?? '',
      check.slice(0, 2),
      check.slice(2),
      since ?? '',
      within ?? '',
      last ?? '',
      limit,
      maxBytes,
      Math.ceil(rule.ageSeconds * 1000),
    ]
    return readPage(channel, await this.#ask(channel, READ, () => [...this.#settling(channel), ...args.map(String)]))
  }

  async newest(channels: readonly string[], { renew = false } = {}): Promise<(Position | undefined)[]> {
    return this.#askOwners(channels, async (redis, names) => {
      const commands = names.map(name => ['hmget', positionKey(name), 'epoch', 'offset', 'tag', 'server'])
      const answers = (await redis.pipeline(commands).exec()) ?? []
      return Promise.all(
        answers.map(([error, value], i) => {
          const channel = names[i] as string // as many as were asked for
          if (error) return this.#withoutHistory(channel, error)
          const [epoch, offset, tag, server] = value as (string | null)[] // as the command gives them
          const lineage = this.#topology.lineageOf(channel)
          const position = readPosition({ epoch, offset: Number(offset), tag })
          const isSettled = position && (!lineage || lineage.server === server)
          return isSettled && !renew ? position : this.#locate(redis, channel)
        }),
      )
    })
  }

  /** Begins the history where there is none; see `LOCATE`. */
  async #locate(redis: Redis, channel: string): Promise<Position | undefined> {
    const rule = this.ruleOf(channel)
    if (!rule) return undefined
    const memory = Math.ceil(rule.ageSeconds * 1000) + MEMORY_MS
    const call = LOCATE.call([positionKey(channel), historyKey(channel)], [...this.#settling(channel), `${memory}`])
    try {
      const answer = (await readByScript(redis, call)) as unknown[] // as the script answers
      return positionOf(answer[0], answer[1], answer[2])
    } catch (error) {
      return this.#withoutHistory(channel, error as Error)
    }
  }

  /** The first arguments of `LOCATE` and `READ`. */
  #settling(channel: string): string[] {
    return [nonce(), ...lineageWords(this.#topology.lineageOf(channel)), `${FLEETING_MS}`]
  }

  async info(channel: string): Promise<HistoryInfo | undefined> {
    const rule = this.ruleOf(channel)
    if (!rule) return undefined
    const answer = await this.#ask(channel, INFO, () => [`${Math.ceil(rule.ageSeconds * 1000)}`])
    const [newestTime, length, bytes] = answer.slice(3, 6).map(Number)
    const newest = positionOf(answer[0], answer[1], answer[2])
    if (!newest || newestTime === undefined || length === undefined || bytes === undefined) return undefined
    const position = positionOf(answer[0], answer[6], answer[7])
    const oldest = position && { position, time: Number(answer[8]) }
    return { newest, newestTime, oldest, length, bytes }
  }

  async delete(channel: string): Promise<void> {
    await this.#askOwners([channel], async redis => [await redis.del(positionKey(channel), historyKey(channel))])
  }

  /** The arguments are made for the server that is asked. */
  async #ask(channel: string, script: Script, args: () => string[]): Promise<unknown[]> {
    const keys = [positionKey(channel), historyKey(channel)]
    try {
      const [answer] = await this.#askOwners([channel], async redis => [
        await readByScript(redis, script.call(keys, args())),
      ])
      return answer as unknown[] // both scripts answer with an array
    } catch (error) {
      const { cause } = error as BrokerUnavailable // as #askOwners throws
      if (!isWrongType(cause as Error)) throw error
      await this.#tellWrongKeys(channel)
      throw new HistoryUnusable('a key of the history has another type', { cause })
    }
  }

  /** Where another program has written the keys of a history there is none, and the channel is live without. */
  #withoutHistory(channel: string, error: Error): undefined {
    if (!isWrongType(error)) throw error
    void this.#tellWrongKeys(channel)
    return undefined
  }

  async #tellWrongKeys(channel: string): Promise<void> {
    const redis = this.#topology.clientForKey(channel)
    if (redis) this.#log.error({ keys: await describeWrongKeys(redis, channel) }, WRONG_TYPE)
  }

  /** Asks, and once more when the keys have moved; see `Ask`. The answers stand in the order of the channels. */
  async #askOwners<Answer>(channels: readonly string[], ask: Ask<Answer>): Promise<Answer[]> {
    try {
      return await askOwners(this.#topology, channels, ask)
    } catch (error) {
      if (!MOVING.test((error as Error).message)) throw new BrokerUnavailable('Redis did not answer', { cause: error })
    }
    try {
      await this.#topology.refresh?.()
      return await askOwners(this.#topology, channels, ask)
    } catch (cause) {
      throw new BrokerUnavailable('Redis did not answer', { cause })
    }
  }
}

/** Asks one server for those of the channels whose keys it has. */
type Ask<Answer> = (redis: Redis, channels: readonly string[]) => Promise<readonly Answer[]>

/** How a node of a Cluster says that the keys are elsewhere, or on their way. */
const MOVING = /^(?:MOVED|ASK|TRYAGAIN) /

async function askOwners<Answer>(topology: Topology, channels: readonly string[], ask: Ask<Answer>): Promise<Answer[]> {
  const places = new Map<Redis, number[]>()
  for (const [i, channel] of channels.entries()) {
    const redis = topology.clientForKey(channel)
    if (!redis) throw new Error('there is no connection to the Redis that has the keys')
    const known = places.get(redis)
    if (known) known.push(i)
    else places.set(redis, [i])
  }
  const answers = new Array<Answer>(channels.length)
  await Promise.all(
    [...places].map(async ([redis, at]) => {
      const names = at.map(i => channels[i] as string) // keys of it
      const found = await ask(redis, names)
      for (const [k, i] of at.entries()) answers[i] = found[k] as Answer // as many as were asked for
    }),
  )
  return answers
}

const NOTHING: HistoryPage = { entries: [], newest: undefined, continuity: 'whole', more: false }

/** The answer of `READ`; see there. */
function readPage(channel: string, [epoch, offset, tag, continuity, more, ...rest]: unknown[]): HistoryPage {
  const entries = []
  for (let i = 0; i + 3 < rest.length; i += 4) {
    const [at, time] = String(rest[i]).split('-')
    const data = rest[i + 1] as Buffer // the script gives the bytes of the entry
    const event = String(rest[i + 2])
    const position = positionOf(epoch, at, rest[i + 3])
    const message = new Message({ channel, data, event: event === '' ? undefined : event, position })
    entries.push({ message, time: Number(time) })
  }
  return {
    entries,
    newest: positionOf(epoch, offset, tag),
    continuity: String(continuity) as Continuity, // one of them, as the script has it
    more: more === 1,
  }
}

const positionOf = (epoch: unknown, offset: unknown, tag: unknown): Position | undefined =>
  readPosition({ epoch: String(epoch), offset: Number(offset), tag: String(tag) })
