import type { EphemeralStore } from '../ephemeral-store.js'

interface Item {
  readonly value: string
  readonly timer: NodeJS.Timeout
}

/** The ephemeral store of a gateway that is alone. Its memory is bounded: the oldest items are forgotten first. */
export class MemoryEphemeralStore implements EphemeralStore {
  readonly #items = new Map<string, Item>()
  readonly #maxBytes: number
  #bytes = 0

  constructor({ maxBytes = MAX_BYTES } = {}) {
    this.#maxBytes = maxBytes
  }

  put(name: string, value: string, seconds: number): Promise<void> {
    this.#forget(name)
    const timer = setTimeout(() => this.#forget(name), seconds * 1000).unref()
    this.#items.set(name, { value, timer })
    this.#bytes += bytesOf(name, value)
    for (const oldest of this.#items.keys()) {
      if (this.#bytes <= this.#maxBytes) break
      this.#forget(oldest)
    }
    return Promise.resolve()
  }

  get(name: string): Promise<string | undefined> {
    return Promise.resolve(this.#items.get(name)?.value)
  }

  take(name: string): Promise<string | undefined> {
    const value = this.#items.get(name)?.value
    this.#forget(name)
    return Promise.resolve(value)
  }

  close(): void {
    for (const name of [...this.#items.keys()]) this.#forget(name)
  }

  #forget(name: string): void {
    const item = this.#items.get(name)
    if (!item) return
    clearTimeout(item.timer)
    this.#items.delete(name)
    this.#bytes -= bytesOf(name, item.value)
  }
}

/** A character may take two bytes; a timer and the objects are around it. */
const bytesOf = (name: string, value: string): number => 2 * (name.length + value.length) + 400

const MAX_BYTES = 64 * 1024 * 1024
