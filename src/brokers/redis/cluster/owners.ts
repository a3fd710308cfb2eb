import { setTimeout as pause } from 'node:timers/promises'
import type { Publication } from '../../../messages/message.js'
import type { PublishResult } from '../../../protocol/publish-result.js'
import type { Node } from '../connection/address.js'
import type { Connection } from '../connection/connection.js'
import type { Publisher } from '../publisher.js'
import { slotOf } from './slots.js'

export interface ClusterNode {
  readonly node: Node
  readonly connection: Connection
  readonly publisher: Publisher
}

/** Who owns which slot, as far as that is known. */
export interface SlotOwners {
  ownerOf(slot: number): ClusterNode | undefined
  /** Asks the Cluster again. */
  refresh(): Promise<void>
}

/**
 * Publishes each message at the owner of its slot. A message that was not executed, perhaps because the slot has just moved
 * or is on its way, is tried again at the new owner: at once, and if the owner is there, for `patience` milliseconds.
 */
export async function publishAtOwners(
  owners: SlotOwners,
  publications: readonly Publication[],
  patience: number,
): Promise<PublishResult[]> {
  const results = await publishOnce(owners, publications)
  const deadline = performance.now() + patience
  for (let wait = 0; results.some(isUnavailable); wait = Math.max(FIRST_PAUSE_MS, wait * 2)) {
    await Promise.all([owners.refresh(), pause(wait)])
    const left = [...results.keys()].filter(i => isUnavailable(results[i]))
    const again = await publishOnce(
      owners,
      left.map(i => publications[i] as Publication), // as many as there are results
    )
    for (const [at, i] of left.entries()) results[i] = again[at] ?? { problem: 'outcome-unknown' }
    const isReachable = left.some(i => isUnavailable(results[i]) && ownerIsUp(owners, publications[i]))
    if (!isReachable || performance.now() > deadline) break
  }
  return results
}

function publishOnce(owners: SlotOwners, publications: readonly Publication[]): Promise<PublishResult[]> {
  const results = publications.map((publication): PublishResult | Promise<PublishResult> => {
    const owner = owners.ownerOf(slotOf(publication.channel))
    if (!owner?.connection.isUp) return { problem: 'broker-unavailable' }
    return owner.publisher.publish([publication]).then(([result]) => result ?? { problem: 'outcome-unknown' })
  })
  return Promise.all(results)
}

const ownerIsUp = (owners: SlotOwners, publication: Publication | undefined): boolean =>
  publication !== undefined && owners.ownerOf(slotOf(publication.channel))?.connection.isUp === true

/** Between two tries for a slot that is on its way. */
const FIRST_PAUSE_MS = 5

const isUnavailable = (result: PublishResult | undefined): boolean =>
  result !== undefined && 'problem' in result && result.problem === 'broker-unavailable'
