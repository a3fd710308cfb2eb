import { performance } from 'node:perf_hooks'
import { message, nowUs } from './messages.js'
import { Tally } from './tally.js'

const STALLED_MS = 5000
const LIMIT_MS = 90_000
let numbered = 0

/**
 * Publishes so many messages and waits for their deliveries: with a `rate`, so many a second, whatever comes; else each
 * when fewer than `window` messages are on their way. Resolves with what came of it.
 */
export async function phase({ audience, publishers, messages, channels = 1, window = 8, rate }) {
  const clients = audience.size
  const tally = new Tally({ first: numbered, count: messages, clients, channels })
  const each = clients / channels
  const began = nowUs()
  const answeredBefore = publishers.answered
  audience.tally = tally
  let sent = 0
  const pump = () => {
    while (sent < messages && !publishers.busy) {
      // A delay counts from when it was due, or a publisher that is kept waiting would hide what it waits for.
      const due = rate ? began + (sent * 1e6) / rate : nowUs()
      if (rate ? due > nowUs() : sent * each - tally.delivered > (window - 1) * each) return
      publishers.send(sent % channels, message(numbered, Math.round(due)))
      sent++
      numbered++
    }
  }
  publishers.onAnswer = pump
  audience.onDelivery = rate ? () => {} : pump
  const clock = rate ? setInterval(pump, 1) : undefined
  pump()
  await new Promise(resolve => {
    let last = -1
    let progress = performance.now()
    const look = setInterval(() => {
      const now = performance.now()
      const done = tally.delivered + publishers.answered
      if (done !== last) progress = now
      last = done
      const whole = tally.lost === 0 && publishers.answered - answeredBefore === messages
      if (!whole && now - progress < STALLED_MS && now - began / 1000 < LIMIT_MS) return
      clearInterval(look)
      resolve()
    }, 5)
  })
  clearInterval(clock)
  publishers.onAnswer = () => {}
  audience.onDelivery = () => {}
  const { delivered, lost, doubled, reordered } = tally
  return {
    delivered,
    lost,
    doubled,
    reordered,
    seconds: (tally.lastAt - began) / 1e6,
    p50: tally.delay(0.5),
    p99: tally.delay(0.99),
  }
}
