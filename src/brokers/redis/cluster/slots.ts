import slotOf from 'cluster-key-slot'
import type { Node } from '../connection/address.js'

export { slotOf }

export const nodeKey = ({ host, port }: Node): string => `${host}:${port}`

/** The slots of each node in a Cluster, as one of its nodes sees them. */
export interface SlotMap {
  readonly masters: ReadonlyMap<string, Node>
  readonly replicas: ReadonlyMap<string, Node>
  /** The key of the master of each slot; undefined for a slot without an owner. */
  readonly owners: readonly (string | undefined)[]
  /** Every slot has a master. */
  readonly isWhole: boolean
}

export const SLOTS = 16_384

/** The reply of `CLUSTER SLOTS`: `[from, to, [host, port, id, …], …replicas]` for each range. */
export type SlotsReply = readonly (readonly [
  from: number,
  to: number,
  ...nodes: (readonly [host: string | null, port: number, ...unknown[]])[],
])[]

/** `asked` is the node that gave the reply: a node that does not know its own address leaves it empty. */
export function readSlots(reply: SlotsReply, asked: Node): SlotMap {
  const masters = new Map<string, Node>()
  const replicas = new Map<string, Node>()
  const owners = new Array<string | undefined>(SLOTS)
  for (const [from, to, ...nodes] of reply) {
    const [master, ...others] = nodes.map(([host, port]) => ({ host: host || asked.host, port }))
    if (!master) continue
    masters.set(nodeKey(master), master)
    for (const replica of others) replicas.set(nodeKey(replica), replica)
    owners.fill(nodeKey(master), from, to + 1)
  }
  return { masters, replicas, owners, isWhole: !owners.includes(undefined) }
}
