/** Lets one wait for a condition that is looked at again whenever something happened. */
export class Signal {
  readonly #waiting = new Set<() => void>()
  #due = false

  /** Something happened. Many in one tick count as one. */
  raise(): void {
    if (this.#due || this.#waiting.size === 0) return
    this.#due = true
    setImmediate(() => {
      this.#due = false
      for (const look of this.#waiting) look()
    })
  }

  /** Resolves as soon as the condition holds; false when it does not within the time. */
  until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    return new Promise(resolve => {
      const finish = (held: boolean) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(held)
      }
      const timer = setTimeout(() => finish(condition()), timeoutMs)
      const look = () => condition() && finish(true)
      this.#waiting.add(look)
      look()
    })
  }
}

/** How long a fault is to last. Not a way to wait for anything. */
export const lasting = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds))

/** For what can only be asked for: asks again until it holds; false when it does not within the time. */
export async function poll(holds: () => Promise<boolean> | boolean, timeoutMs: number, everyMs = 50): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    if (await holds()) return true
    if (Date.now() >= deadline) return false
    await lasting(everyMs)
  }
}
