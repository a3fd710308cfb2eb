/*
 * What came of a phase: each delivery is looked at. Messages are numbered, and the n-th goes to channel n modulo the
 * number of channels. Lost is what did not come, doubled what came twice. All clients must get the messages in one
 * order: reordered is what comes behind a message that somebody got after it.
 */
export class Tally {
  delivered = 0
  doubled = 0
  reordered = 0
  lastAt = 0
  #first
  #count
  #channels
  /** Of each client, by the number of its messages: 1 for those that came. */
  #seen
  /** Of each client, the rank of its last message. */
  #last
  /** Of each message, the how-manyth it was for the first client that got it. */
  #rank
  #ranked = 0
  #delays = new Uint32Array(SLOTS)

  constructor({ first, count, clients, channels }) {
    Object.assign(this, { expected: count * (clients / channels) })
    this.#first = first
    this.#count = count
    this.#channels = channels
    this.#seen = Array.from({ length: clients }, () => new Uint8Array(Math.ceil(count / channels)))
    this.#last = new Int32Array(clients).fill(-1)
    this.#rank = new Int32Array(count).fill(-1)
  }

  /** `sent` and `now` in microseconds. What is left over from an earlier phase does not count. */
  deliver(client, number, sent, now) {
    const n = number - this.#first
    if (n < 0 || n >= this.#count) return
    const seen = this.#seen[client]
    const place = (n / this.#channels) | 0
    if (seen[place] === 1) {
      this.doubled++
      return
    }
    seen[place] = 1
    if (this.#rank[n] === -1) this.#rank[n] = this.#ranked++
    if (this.#rank[n] < this.#last[client]) this.reordered++
    else this.#last[client] = this.#rank[n]
    this.delivered++
    this.lastAt = now
    this.#delays[Math.min(((now - sent) / SLOT_US) | 0, SLOTS - 1)]++
  }

  get lost() {
    return this.expected - this.delivered
  }

  /** Milliseconds within which this share of the deliveries came. */
  delay(share) {
    let slot = 0
    for (let came = this.#delays[0]; came < this.delivered * share; came += this.#delays[slot]) slot++
    return (slot * SLOT_US) / 1000
  }
}

const SLOT_US = 20
const SLOTS = 1_000_000 // 20 seconds
