import { type Redis, type SentinelConnectionOptions, SentinelConnector } from 'ioredis'

/**
 * The connections that wait for the Sentinels to tell of a failover have nobody who listens to
 * their errors, and ioredis writes those to the console. What is wrong with the Sentinels is told
 * by the connection that asks them.
 */
export class QuietSentinelConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions) // as ioredis calls it
    // Private by its types; there is no other way to these connections before they fail.
    const inner = this as unknown as { connectToSentinel(...args: unknown[]): Redis }
    const connect = inner.connectToSentinel.bind(this)
    inner.connectToSentinel = (...args) => connect(...args).on('error', () => {})
  }
}
