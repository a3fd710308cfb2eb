import { parseArgs } from 'node:util'
import { COST } from './coefficients.js'

/*
 * How long messages take when the load comes by chance, past what one machine can run:
 *
 *     npm run simulation -- --gateways 500 --listeners 10000000 --rate 1
 *
 * A queue for Redis, which serves one publish at a time and copies it to one gateway after the
 * other, and a queue for each gateway, which writes to one listener after the other. A gateway that
 * finds several messages joins them, as the real one does in a tick. Times are CPU times of
 * `coefficients.js`; networks, noise and garbage collection are not in it, so read it as a bound.
 */
const { values } = parseArgs({
  options: {
    gateways: { type: 'string', default: '12' },
    listeners: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '10' },
    messages: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
  },
})
const number = name => Number(values[name])
for (const name of ['gateways', 'listeners', 'rate', 'messages', 'seed'])
  if (!(number(name) > 0)) throw new Error(`--${name} takes a number over 0`)
const result = simulate({
  gateways: number('gateways'),
  listeners: number('listeners'),
  rate: number('rate'),
  messages: number('messages'),
  random: randomOf(number('seed')),
})
console.table(result)

/** One hot channel: `rate` publishes a second, at moments of chance, to all `listeners`, spread evenly. */
function simulate({ gateways, listeners, rate, messages, random }) {
  const each = listeners / gateways
  const times = arrivals(rate, messages, random)
  let redisFree = 0
  let redisBusy = 0
  /** When Redis begins to copy each message, and what one copy takes. */
  const copied = times.map(time => {
    const queued = redisFree > time
    const kind = queued ? 'joined' : 'lone'
    const start = Math.max(time, redisFree) + COST.publishUs[kind]
    const copy = COST.copyUs[kind]
    const work = COST.publishUs[kind] + copy * gateways
    redisFree = start + copy * gateways
    redisBusy += work
    return { start, copy }
  })
  const delays = []
  let gatewayBusy = 0
  const sampled = sampleOf(gateways)
  for (const gateway of sampled) {
    const reached = copied.map(({ start, copy }) => start + copy * (gateway + 1))
    let free = 0
    for (let i = 0; i < reached.length; ) {
      const begin = Math.max(reached[i], free)
      let next = i + 1
      while (next < reached.length && reached[next] <= begin) next++
      // What has come meanwhile leaves in one write: the write is paid once, each message a little.
      const write = COST.deliveryUs.lone + (next - i - 1) * COST.deliveryUs.joined
      for (let m = i; m < next; m++)
        for (const place of [0.01, 0.5, 0.99]) delays.push(begin + place * each * write - times[m])
      free = begin + each * write
      gatewayBusy += each * write
      i = next
    }
  }
  const span = times[times.length - 1]
  delays.sort((a, b) => a - b)
  const at = share => Math.round(delays[Math.floor((delays.length - 1) * share)] / 10) / 100
  return {
    'deliveries a second': Math.round(rate * listeners),
    'Redis busy': percent(redisBusy / span),
    'a gateway busy': percent(gatewayBusy / sampled.length / span),
    'delay of a listener, ms: median': at(0.5),
    '99 of 100': at(0.99),
    worst: at(1),
  }
}

/** Moments in microseconds, a Poisson process. */
function arrivals(rate, count, random) {
  let now = 0
  return Array.from({ length: count }, () => {
    now += (-Math.log(1 - random()) / rate) * 1e6
    return now
  })
}

/** Gateways differ only in when their copy comes: a few, from the first to the last, stand for all. */
function sampleOf(gateways) {
  const count = Math.min(gateways, 21)
  return Array.from({ length: count }, (_, i) => Math.round((i * (gateways - 1)) / Math.max(1, count - 1)))
}

/** The same numbers for the same seed: mulberry32. */
function randomOf(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function percent(share) {
  return `${Math.round(share * 1000) / 10} %`
}
