import { parseArgs } from 'node:util'
import { COST } from './coefficients.js'

/*
 * The resources that a load needs: npm run capacity -- --listeners 1000000 --channels 1 --rate 10
 * The coefficients were measured; docs/scale.md says how, and how far they can be trusted.
 */

const { values } = parseArgs({
  options: {
    listeners: { type: 'string', default: '100000' },
    channels: { type: 'string', default: '1' },
    rate: { type: 'string', default: '10' },
    bytes: { type: 'string', default: '200' },
    'listeners-per-gateway': { type: 'string', default: '20000' },
    load: { type: 'string', default: '0.6' },
    joined: { type: 'boolean', default: false },
  },
})
const number = name => Number(values[name])
for (const name of ['listeners', 'channels', 'rate', 'bytes', 'listeners-per-gateway', 'load'])
  if (!(number(name) > 0)) throw new Error(`--${name} takes a number over 0`)

const kind = values.joined ? 'joined' : 'lone'
const listenersOfChannel = number('listeners') / number('channels')
/** `rate` is messages a second on each channel. */
const publishes = number('rate') * number('channels')
const deliveries = publishes * listenersOfChannel

// Each gateway is one process on one core: bound by its connections, or by its deliveries.
const byConnections = number('listeners') / number('listeners-per-gateway')
const byCpu = (deliveries * COST.deliveryUs[kind]) / 1e6 / number('load')
const gateways = Math.max(1, Math.ceil(Math.max(byConnections, byCpu)))
/** Gateways that have a listener of one channel, when listeners spread evenly by chance. */
const hearing = gateways * (1 - (1 - 1 / gateways) ** listenersOfChannel)
const redisCores = (publishes * (COST.publishUs[kind] + hearing * COST.copyUs[kind])) / 1e6

console.table({
  'gateway processes': gateways,
  'bound by': byCpu > byConnections ? 'deliveries' : 'connections',
  'memory of all gateways, GB': round(
    (number('listeners') * COST.connectionKb) / 1e6 + (gateways * COST.gatewayMb) / 1e3,
  ),
  'deliveries a second': Math.round(deliveries),
  'out of all gateways, Mbit/s': round((deliveries * (number('bytes') + 20) * 8) / 1e6),
  'gateways that hear a message': round(hearing),
  'out of Redis, Mbit/s': round((publishes * hearing * (number('bytes') + 32) * 8) / 1e6),
  'cores of Redis': round(redisCores),
  'shards of a Cluster, with sharded Pub/Sub': Math.ceil(redisCores / number('load')),
})
if (redisCores > number('load') && number('channels') === 1)
  console.log('One channel lives on one shard: relay it in a tree, or publish less often and more at once.')

function round(value) {
  return Math.round(value * 100) / 100
}
