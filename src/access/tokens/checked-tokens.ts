import { type Caller, endOf } from '../caller.js'

/**
 * The callers of tokens that have been checked, by the SHA-256 of the token. Anybody who has tokens may bring any number
 * of them, of any size: so the memory is bounded in bytes, and the oldest are forgotten first. A token that was
 * forgotten is checked again.
 */
export class CheckedTokens {
  readonly #callers = new Map<string, Caller>()
  readonly #maxBytes: number
  readonly #now: () => number
  #bytes = 0
  #sweptAt = 0

  constructor({ maxBytes = MAX_BYTES, now = Date.now }: { maxBytes?: number; now?: () => number } = {}) {
    this.#maxBytes = maxBytes
    this.#now = now
  }

  /** About how much memory it takes. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#callers.size
  }

  /** Undefined also where the caller's rights have ended. */
  get(hash: string): Caller | undefined {
    const caller = this.#callers.get(hash)
    if (!caller || endOf(caller, this.#now()) === undefined) return caller
    this.#delete(hash, caller)
    return undefined
  }

  set(hash: string, caller: Caller): void {
    this.#sweep()
    const before = this.#callers.get(hash)
    if (before) this.#delete(hash, before)
    this.#callers.set(hash, caller)
    this.#bytes += bytesOf(caller)
    for (const [oldest, itsCaller] of this.#callers) {
      if (this.#bytes <= this.#maxBytes) return
      this.#delete(oldest, itsCaller)
    }
  }

  /** An expired token is not needed again. */
  #sweep(): void {
    const now = this.#now()
    if (now - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = now
    for (const [hash, caller] of this.#callers) if (endOf(caller, now) !== undefined) this.#delete(hash, caller)
  }

  #delete(hash: string, caller: Caller): void {
    this.#callers.delete(hash)
    this.#bytes -= bytesOf(caller)
  }
}

/** The rights, two texts of which a character may take two bytes, and what is around them. */
const bytesOf = ({ id, name, grants }: Caller): number => grants.bytes + 2 * (id.length + name.length) + OBJECTS_BYTES

/** Measured: with the key, the entry, and the objects that a caller is made of. */
const OBJECTS_BYTES = 800

const MAX_BYTES = 16 * 1024 * 1024
const SWEEP_MS = 30_000
