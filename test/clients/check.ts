import type { Test } from 'tap'
import { createApiKey } from '../../src/access/api-keys.js'

/** Something that must hold for openapi.yaml. */
export interface Check {
  readonly name: string
  readonly language: string
  /** The commands that a machine must have; everything else is installed. */
  readonly needs: readonly string[]
  /** @throws Error that says what does not hold */
  pass(t: Pick<Test, 'teardown'>): Promise<void>
}

const { key, entry } = createApiKey('clients', { admin: ['*'] })

/** A key that may do everything on a gateway with `KEYED`. */
export const KEY = key
export const KEYED = {
  API_KEYS: JSON.stringify([entry]),
  HISTORY: 'clients.*=1000,orders=1000',
  LOG_LEVEL: 'warn',
}
