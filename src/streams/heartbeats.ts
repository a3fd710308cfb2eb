/**
 * One timer for the heartbeats of all clients. They are spread over the slots of a wheel, so that
 * ten thousand clients do not all get theirs in the same tick.
 */
export class Heartbeats<Client> {
  readonly #slots: Set<Client>[]
  readonly #slotOf = new Map<Client, Set<Client>>()
  readonly #timer: NodeJS.Timeout
  #hand = 0
  #next = 0

  /** `seconds` is the time between two beats of one client. */
  constructor(seconds: number, beat: (client: Client) => void) {
    const slots = Math.max(1, Math.ceil(seconds * SLOTS_PER_SECOND))
    this.#slots = Array.from({ length: slots }, () => new Set<Client>())
    this.#timer = setInterval(
      () => {
        this.#hand = (this.#hand + 1) % slots
        for (const client of this.#slots[this.#hand] ?? []) beat(client)
      },
      (seconds * 1000) / slots,
    )
    this.#timer.unref()
  }

  add(client: Client): void {
    const { length } = this.#slots
    const half = Math.ceil(length / 2)
    this.#next = (this.#next + 1) % half
    // From half a turn on behind the hand: a stream's first bytes are not followed by a heartbeat at once.
    const slot = this.#slots[(this.#hand + length - this.#next) % length] as Set<Client> // below the length
    slot.add(client)
    this.#slotOf.set(client, slot)
  }

  remove(client: Client): void {
    this.#slotOf.get(client)?.delete(client)
    this.#slotOf.delete(client)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

const SLOTS_PER_SECOND = 4
