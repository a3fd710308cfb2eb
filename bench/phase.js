import { performance } from 'node:perf_hooks'
import { message, nowUs } from './messages.js'

const STALLED_MS = 5000
const LIMIT_MS = 90_000
let numbered = 0

/**
 * Publishes so many messages and waits for their deliveries: with a `rate`, so many a second, whatever comes; else each
 * when fewer than `window` messages are on their way. Resolves with what came of it, its delays with those of the phases
 * before that were of the same `series`.
 */
export async function phase({ audience, publishers, messages, channels = 1, window = 8, rate, series }) {
  const each = audience.size / channels
  const expected = messages * each
  audience.begin(numbered, messages, series)
  const began = nowUs()
  const answeredBefore = publishers.answered
  let sent = 0
  const pump = () => {
    while (sent < messages && !publishers.busy) {
      // A delay counts from when it was due, or a publisher that is kept waiting would hide what it waits for.
      const due = rate ? began + (sent * 1e6) / rate : nowUs()
      if (rate ? due > nowUs() : sent * each - audience.delivered > (window - 1) * each) return
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
      const done = audience.delivered + publishers.answered
      if (done !== last) progress = now
      last = done
      const whole = audience.delivered === expected && publishers.answered - answeredBefore === messages
      if (!whole && now - progress < STALLED_MS && nowUs() - began < LIMIT_MS * 1000) return
      clearInterval(look)
      resolve()
    }, 5)
  })
  clearInterval(clock)
  publishers.onAnswer = () => {}
  audience.onDelivery = () => {}
  const { delivered, doubled, reordered, lastUs, p50Us, p99Us, closed } = await audience.end()
  return {
    delivered,
    lost: expected - delivered,
    doubled,
    reordered,
    closed,
    seconds: (lastUs - began) / 1e6,
    p50: p50Us / 1000,
    p99: p99Us / 1000,
  }
}
