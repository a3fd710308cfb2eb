import { createApiKey } from '../../src/access/api-keys.js'

/** A gateway of its own for one check. */
export interface Place {
  readonly url: string
  /** What it has logged so far. */
  output(): string
}

/** Something that must hold for openapi.yaml. */
export interface Check {
  readonly name: string
  readonly language: string
  /** The commands that a machine must have; everything else is installed. */
  readonly needs: readonly string[]
  /** Of its gateway. */
  readonly settings: Record<string, string>
  /** @throws Error that says what does not hold */
  pass(place: Place): Promise<void>
}

const { key, entry } = createApiKey('clients', { admin: ['*'] })

/** A key that may do everything on a gateway with `KEYED`. */
export const KEY = key
export const KEYED = { API_KEYS: JSON.stringify([entry]), HISTORY: 'clients.*=1000,orders=1000' }
