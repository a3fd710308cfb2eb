import type { Fault, Rig } from '../rig/rig.js'
import type { RigOptions } from '../rig/rig-options.js'
import type { Scenario } from '../rig/scenario.js'

/** How long a channel may stay deaf after the Cluster knows again who serves it. */
const BACK_WITHIN_MS = 3000

/** Only the gateways speak here: a native client of a Cluster sends again what it has no answer to. */
const classic = { topology: 'cluster', nativeShare: 0 } as const satisfies Partial<RigOptions>
const sharded = {
  topology: 'sharded',
  nativeShare: 0,
  patterns: false,
  environment: { REDIS_SHARDED: 'true' },
} as const satisfies Partial<RigOptions>

/** The same fault for both kinds of Pub/Sub. What several nodes execute comes to each of them in an order of its own. */
const bothKinds = (
  name: string,
  fault: string,
  run: Scenario['run'],
  withHistory: Partial<RigOptions> = {},
): Scenario[] => [
  { name, fault: `Cluster: ${fault}`, options: classic, rules: { order: 'any' }, withHistory, run },
  { name: `${name}-sharded`, fault: `Cluster, sharded: ${fault}`, options: sharded, withHistory, run },
]

const kill = bothKinds(
  'cluster-kill',
  'kill -9 of a master, which comes back later',
  async rig => {
    const old = rig.chance.pick(await rig.cluster.masters())
    const replica = await rig.cluster.replicaOf(old)
    const fault = await rig.fault(async () => {
      await old.server.stop('SIGKILL')
      await rig.cluster.untilMaster(replica)
    })
    await expectBack(rig, fault)
    const back = await rig.fault(async () => {
      await rig.cluster.startNode(old)
    })
    await expectBack(rig, back)
  },
  { keeps: false },
)

const failover = bothKinds('cluster-failover', 'manual failover', async rig => {
  const replica = await rig.cluster.replicaOf(rig.chance.pick(await rig.cluster.masters()))
  const fault = await rig.fault(async () => {
    await replica.server.cli('CLUSTER', 'FAILOVER')
    await rig.cluster.untilMaster(replica)
  })
  await expectBack(rig, fault)
})

const reshard = bothKinds('cluster-reshard', 'live reshard', async (rig, length) => {
  const [from, to] = shuffled(rig, await rig.cluster.masters())
  if (!from || !to) throw new Error('a Cluster has several masters')
  const fault = await rig.fault(async () => {
    // A slot with keys in it is more than a word between nodes.
    const moved = await (length === 'full' || rig.options.history
      ? rig.cluster.reshard(4000, from, to)
      : rig.cluster.moveSlotsOf(rig.channels, from, to))
    rig.expect(moved > 0, 'no slot was moved')
  })
  await expectBack(rig, fault)
})

export const clusterScenarios: readonly Scenario[] = [...kill, ...failover, ...reshard]

async function expectBack(rig: Rig, fault: Fault): Promise<void> {
  await rig.recover(fault)
  const { backMs = Number.POSITIVE_INFINITY } = fault
  const allowed = BACK_WITHIN_MS + rig.lateness.slackMs
  rig.expect(backMs <= allowed, `a channel was deaf for ${backMs} ms after the Cluster knew who serves it`)
}

function shuffled<Item>(rig: Rig, items: readonly Item[]): Item[] {
  return items
    .map(item => ({ item, at: rig.chance.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
