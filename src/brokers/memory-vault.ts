import type { Vault } from '../vault.js'

interface Item {
  readonly value: string
  readonly timer: NodeJS.Timeout
}

/** The vault of a gateway that is alone. */
export class MemoryVault implements Vault {
  readonly #items = new Map<string, Item>()

  put(name: string, value: string, seconds: number): Promise<void> {
    this.#forget(name)
    const timer = setTimeout(() => this.#items.delete(name), seconds * 1000).unref()
    this.#items.set(name, { value, timer })
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
    clearTimeout(this.#items.get(name)?.timer)
    this.#items.delete(name)
  }
}
