import { Carillon, type CarillonOptions, CarillonProblem } from '../client/index.js'
import { good } from '../client/problem.js'

/** `/console` of a gateway that was given a prefix is `/prefix/console`. */
export const base = new URL('.', location.href)

/** The gateway that served this page, and the key that is shown to it: in memory, and nowhere else. */
export class Gateway {
  #key: string | undefined
  #onKey: (() => void)[] = []

  get keyed(): boolean {
    return this.#key !== undefined
  }

  setKey(key: string | undefined): void {
    this.#key = key || undefined
    for (const listener of this.#onKey) listener()
  }

  onKey(listener: () => void): void {
    this.#onKey.push(listener)
  }

  /** @throws CarillonProblem, or TypeError where the gateway was not reached */
  async get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
    const url = new URL(path, base)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const headers = this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }
    // An unresponsive gateway must show as unresponsive.
    const response = await good(await fetch(url, { headers, signal: AbortSignal.timeout(10_000) }))
    return await response.json()
  }

  client(options: CarillonOptions = {}): Carillon {
    return new Carillon({ url: base, ...(this.#key !== undefined && { token: this.#key }), ...options })
  }
}

export const isAccessProblem = (error: unknown): boolean =>
  error instanceof CarillonProblem && (error.status === 401 || error.status === 403)

/** In a line for people. */
export function explain(error: unknown): string {
  if (error instanceof CarillonProblem) return error.message
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'The gateway does not answer.'
  return 'The gateway cannot be reached.'
}
