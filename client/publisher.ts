import { CarillonProblem, good } from './problem.js'

/** The answer to a publish. */
export interface Published {
  readonly channel: string
  /** Redis's own count of the connections that got it; 0 means that no one received it. */
  readonly receivers: number
  /** Its place in the channel's history, where there is one. */
  readonly id?: string
  /** It was published before, by a try of which the answer was lost. */
  readonly replayed?: true
}

export interface PublishRequest {
  url: URL
  body: BodyInit
  headers: Record<string, string>
  credentials: RequestCredentials
  /** How often to ask again after what passes. */
  retries: number
}

/**
 * Publishes, and asks again after what passes. All of it is one publish: the `Idempotency-Key` is
 * the same each time, so that what was executed once is not executed again.
 */
export async function publish({ url, retries, ...request }: PublishRequest): Promise<Published> {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await fetch(url, { method: 'POST', ...request })
      return await (await good(response)).json()
    } catch (error) {
      // Not a problem of the gateway, so a network error: the outcome is unknown.
      if (attempt >= retries || (error instanceof CarillonProblem && !error.passes)) throw error
    }
    await new Promise(resolve => setTimeout(resolve, backoff(attempt)))
  }
}

/** Milliseconds to wait after so many failures; jittered, so that clients do not all reconnect at once. */
export const backoff = (failures: number): number => Math.min(30_000, 500 * 2 ** failures) * (0.5 + Math.random())

/** Nothing about it is secret; `randomUUID` is missing where a page came by plain HTTP. */
export const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
