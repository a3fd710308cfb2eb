import { ClusterTopology } from './cluster.js'
import { Gateway } from './gateway.js'
import { Listener } from './listener.js'
import { Load } from './load.js'
import { channelNames } from './patterns.js'
import { Chance } from './prng.js'
import { Rig } from './rig.js'
import { defaultOptions, type RigOptions } from './rig-options.js'
import type { Scope } from './scope.js'
import { SentinelTopology } from './sentinel.js'
import { Signal } from './signal.js'
import { Standalone } from './standalone.js'
import type { Topology } from './topology.js'
import { wishes } from './wishes.js'

/** Resolves when every listener is live and the publishers are at work. */
export async function startRig(scope: Scope, given: Partial<RigOptions> & { seed: number }): Promise<Rig> {
  const options = { ...defaultOptions, ...given, ...(given.history && HISTORY) }
  const signal = new Signal()
  const chance = new Chance(options.seed)
  const channels = channelNames(options.channels)
  const topology = await startTopology(scope, options, signal)
  const gateways = await Promise.all(
    Array.from({ length: options.gateways }, (_, i) => {
      const url = topology.url(i).replace('//', options.credentials ? `//${options.credentials}@` : '//')
      return Gateway.start(
        scope,
        `g${i + 1}`,
        { REDIS_URL: url, RETRY_MS: '300', ...(options.history && { HISTORY: '*=50000/1h' }), ...options.environment },
        signal,
      )
    }),
  )
  const routing = chance.fork()
  const ready = () => gateways.filter(gateway => gateway.ready)
  const listeners = wishes(chance.fork(), channels, options).map(wish => {
    const home = gateways[wish.home % gateways.length]
    // At first where it belongs; later where a load balancer would send it.
    const gateway = () => (home?.ready ? home : routing.pick(ready().length > 0 ? ready() : gateways))
    return new Listener({ ...wish, gateway, reconnect: true, resumes: options.history, signal })
  })
  scope.teardown(() => {
    for (const listener of listeners) listener.close()
  })
  const load = new Load(scope, {
    ...options,
    channels,
    gateways: () => {
      // Whoever tries again until it has an answer would wait for one that stands still.
      const running = options.history ? gateways.filter(({ isPaused }) => !isPaused) : gateways
      return options.balanced && ready().length > 0 ? ready() : running
    },
    native: topology.connect(),
    chance: chance.fork(),
    signal,
  })
  const rig = new Rig({ scope, options, chance, signal, topology, gateways, listeners, load, channels })
  for (const listener of listeners) listener.open()
  if (!(await signal.until(() => listeners.every(({ live }) => live), 10_000)))
    throw new Error('not every stream opened')
  load.start()
  await rig.heard(Date.now(), 10_000)
  return rig
}

/** Patterns have no history, and what a native client publishes is in none. */
const HISTORY = { patterns: false, nativeShare: 0 } as const

/** A Redis that has what it acknowledged also after kill -9. */
const PERSISTENT = ['--appendonly', 'yes', '--appendfsync', 'always']

function startTopology(
  scope: Scope,
  { topology, gateways, redisArgs, history, keeps }: Omit<RigOptions, 'seed'>,
  signal: Signal,
): Promise<Topology> {
  switch (topology) {
    case 'standalone':
      return Standalone.start(scope, gateways, history && keeps ? [...PERSISTENT, ...redisArgs] : redisArgs, signal)
    case 'sentinel':
      return SentinelTopology.start(scope, signal)
    default:
      return ClusterTopology.start(scope, signal, topology === 'sharded')
  }
}
