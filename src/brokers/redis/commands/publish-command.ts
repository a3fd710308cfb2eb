import { randomUUID } from 'node:crypto'
import { defaultConfig } from '../../../config/config.js'
import { encodeId } from '../../../messages/cursor.js'
import type { Publication } from '../../../messages/message.js'
import type { Words } from '../../../node-internals/joined-commands.js'
import type { Published, PublishResult } from '../../../protocol/publish-result.js'
import type { HistoryRule } from '../../history.js'
import { MEMORY_MS } from '../../history.js'
import type { HistoryRules } from '../../history-rules.js'
import { FENCE_KEY, historyKey, idempotencyKey, positionKey } from './keys.js'
import { type Lineage, lineageWords } from './lineage.js'
import { encodeMetadata, metadataChannelOf } from './metadata.js'
import { PUBLISH_WITH_METADATA } from './publish-with-metadata.js'

export interface PublicationOptions {
  /** Sharded Pub/Sub. */
  readonly sharded?: boolean
  /** A replica would take a PUBLISH and keep it to itself; with the fence it refuses. Costs a script each time. */
  readonly fenced?: boolean
  readonly history?: HistoryRules
  /** How long an idempotency key is remembered. */
  readonly idempotencySeconds?: number
}

/** A call of the script that publishes: what stands behind its digest or its text. */
export interface ScriptCall {
  readonly args: Words
}

/** Where a publication is sent. */
export interface Route {
  /**
   * It follows calls of the script whose answers have not come yet, and is such a call too: where they fail, as Redis
   * does not know the script, it must not be executed before them.
   */
  readonly asCall: boolean
  /** Of the server to which it goes. */
  readonly lineage: Lineage | undefined
}

/** The Redis command for one publication. */
export function commandOf(
  publication: Publication,
  options: PublicationOptions,
  { asCall, lineage }: Route,
): Words | ScriptCall {
  const rule = options.history?.ruleOf(publication.channel)
  if (rule || publication.idempotency) return { args: appendAndPublish(publication, rule, options, lineage) }
  const { sharded = false, fenced = false } = options
  const { channel, data } = publication
  const command = sharded ? 'spublish' : 'publish'
  const metadata = encodeMetadata(publication)
  if (metadata === undefined && !fenced && !asCall) return [command, channel, data]
  const metadataChannel = metadata === undefined ? '' : metadataChannelOf(channel)
  const args = ['0', command, channel, data, metadataChannel, metadata ?? '', fenced ? FENCE_KEY : '']
  return asCall ? { args } : ['eval', PUBLISH_WITH_METADATA, ...args]
}

/** Keys are written for it: in a Cluster only the owner of their slot can take it. */
export const leavesTraces = ({ channel, idempotency }: Publication, { history }: PublicationOptions): boolean =>
  idempotency !== undefined || history?.ruleOf(channel) !== undefined

function appendAndPublish(
  publication: Publication,
  rule: HistoryRule | undefined,
  options: PublicationOptions,
  lineage: Lineage | undefined,
): Words {
  const { channel, data, event = '', idempotency } = publication
  const { sharded = false, idempotencySeconds = defaultConfig.IDEMPOTENCY_SECONDS } = options
  const metadata = encodeMetadata(publication, { always: rule !== undefined })
  const keys = [
    ...(rule ? [positionKey(channel), historyKey(channel)] : []),
    ...(idempotency ? [idempotencyKey(channel, idempotency.key)] : []),
  ]
  return [
    `${keys.length}`,
    ...keys,
    sharded ? 'spublish' : 'publish',
    channel,
    data,
    metadata === undefined ? '' : metadataChannelOf(channel),
    event,
    metadata ?? '',
    rule ? nonce() : '',
    rule ? `${rule.length}` : '',
    rule ? `${Math.ceil(rule.ageSeconds * 1000)}` : '',
    `${MEMORY_MS}`,
    idempotency?.fingerprint ?? '',
    `${idempotencySeconds * 1000}`,
    ...lineageWords(lineage),
  ]
}

/** Translates the answer of Redis; undefined for an answer that Redis does not give. */
export function readAnswer({ channel }: Publication, answer: unknown): PublishResult | undefined {
  if (typeof answer === 'number') return { receivers: answer }
  if (!Array.isArray(answer)) return undefined
  const [receivers, epoch, offset, tag, replayed] = answer as [number, string?, number?, string?, number?] // as APPEND_AND_PUBLISH returns it
  if (receivers < 0) return { problem: 'idempotency-key-reused' }
  const published: Published = { receivers, ...(replayed === 1 && { replayed: true }) }
  if (!epoch || offset === undefined || tag === undefined) return published
  return { ...published, id: encodeId(channel, { epoch, offset, tag: Number.parseInt(tag, 16) }) }
}

/** 16 random hexadecimal digits: an epoch, if one begins, and in its last six the tag. */
export function nonce(): string {
  const uuid = randomUUID() // its variant and version bits lie between these
  return uuid.slice(0, 8) + uuid.slice(28)
}
