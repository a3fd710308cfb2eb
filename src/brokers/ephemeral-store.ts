/**
 * What gateways keep for a short while on behalf of each other: small texts under names that cannot be guessed. A broker
 * has one if it can; see `Broker.ephemeralStore`. Everything rejects with a `BrokerUnavailable`.
 */
export interface EphemeralStore {
  put(name: string, value: string, seconds: number): Promise<void>
  get(name: string): Promise<string | undefined>
  /** Gives the value and forgets it, in one step: of all who ask at once, at whichever gateway, one gets it. */
  take(name: string): Promise<string | undefined>
}
