import type { Test } from 'tap'
import { openSse } from './clients.js'
import { until } from './until.js'

interface Sent {
  readonly channel: string
  readonly number: number
  readonly sentAt: number
  status: number
  answeredAt: number
}

interface Window {
  readonly channel: string
  readonly from: number
  readonly to: number
}

/**
 * Messages that flow from one gateway to a stream at another one, numbered for each channel, and
 * what may be said of them afterwards: nothing twice, nothing out of order, nothing missing but in
 * a window that a `gap` has announced.
 */
export class Flow {
  readonly sent: Sent[] = []
  readonly gaps: Window[] = []
  readonly #channels: readonly string[]
  readonly #url: string
  readonly #received = new Map<string, number[]>()
  #running: Promise<unknown> = Promise.resolve()
  #stopping = false

  private constructor(url: string, channels: readonly string[]) {
    this.#url = url
    this.#channels = channels
    for (const channel of channels) this.#received.set(channel, [])
  }

  static async start(t: Test, from: string, to: string, channels: readonly string[]): Promise<Flow> {
    const flow = new Flow(from, channels)
    const query = channels.map(channel => `channel=${channel}`).join('&')
    const stream = await openSse(t, `${to}/events?${query}`)
    stream.onItem = ({ event, data }) => flow.#take(event, data)
    flow.#running = Promise.all(channels.map(channel => flow.#publishOn(channel)))
    t.teardown(() => flow.stop())
    return flow
  }

  /** Each channel has brought a message that was published from now on. */
  async untilHeard(seconds: number): Promise<void> {
    const now = Date.now()
    const deaf = () =>
      this.#channels.filter(channel => {
        const last = this.#received.get(channel)?.at(-1)
        return !this.sent.some(it => it.channel === channel && it.number === last && it.sentAt >= now)
      })
    await until(() => deaf().length === 0, 'every channel is heard', { seconds }).catch(error => {
      throw new Error(`deaf: ${deaf().join(', ')}`, { cause: error })
    })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  /** To be called while it flows: ends it, and judges it. */
  async judge(t: Test): Promise<void> {
    await this.untilHeard(20)
    // What is on its way when it is judged may still come.
    const complete = new Map([...this.#received].map(([channel, numbers]) => [channel, numbers.at(-1) ?? 0]))
    await this.stop()
    const wrong: string[] = []
    for (const [channel, numbers] of this.#received)
      for (const [i, number] of numbers.entries())
        if (number <= (numbers[i - 1] ?? -1)) wrong.push(`${channel} ${number} after ${numbers[i - 1]}`)
    t.same(wrong, [], 'nothing twice, and nothing out of order')
    const got = new Set(
      [...this.#received].flatMap(([channel, numbers]) => numbers.map(number => `${channel} ${number}`)),
    )
    const due = this.sent.filter(({ channel, number }) => number <= (complete.get(channel) ?? 0))
    const missing = due.filter(({ channel, number, status }) => status === 200 && !got.has(`${channel} ${number}`))
    const silent = missing.filter(
      ({ channel, sentAt, answeredAt }) =>
        !this.gaps.some(gap => gap.channel === channel && gap.from <= answeredAt && gap.to >= sentAt),
    )
    t.same(silent, [], 'nothing is missing but what a gap tells of')
    const refused = due.filter(({ channel, number, status }) => status === 503 && got.has(`${channel} ${number}`))
    t.same(refused, [], 'nothing came that was said not to be sent')
    t.ok(due.filter(({ status }) => status === 200).length > this.#channels.length, 'it did flow')
    const statuses = new Set(this.sent.map(({ status }) => status))
    t.ok(
      [...statuses].every(status => [200, 503, 504].includes(status)),
      `only 200, 503 and 504: ${[...statuses]}`,
    )
  }

  async #publishOn(channel: string): Promise<void> {
    for (let number = 0; !this.#stopping; number++) {
      const it: Sent = { channel, number, sentAt: Date.now(), status: 0, answeredAt: 0 }
      this.sent.push(it)
      const response = await fetch(`${this.#url}/channels/${channel}`, { method: 'POST', body: `${number}` })
      await response.arrayBuffer()
      it.status = response.status
      it.answeredAt = Date.now()
      await new Promise(resolve => setTimeout(resolve, PACE_MS))
    }
  }

  #take(event: string | undefined, data: string): void {
    if (event === 'gap') {
      const { channel, from, to } = JSON.parse(data) as { channel: string; from: string; to: string } // as the contract says
      this.gaps.push({ channel, from: Date.parse(from), to: Date.parse(to) })
    } else {
      const envelope = JSON.parse(data) as { channel: string; data: string } // as the contract says
      this.#received.get(envelope.channel)?.push(Number(envelope.data))
    }
  }
}

/** Between two messages of a channel. */
const PACE_MS = 20
