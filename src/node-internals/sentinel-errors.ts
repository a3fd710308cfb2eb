import { type Redis, type SentinelConnectionOptions, SentinelConnector } from 'ioredis'
import { FastPath } from './fast-path.js'

/*
 * The connections that wait for Sentinels to announce a failover stay quiet.
 *
 * Touches: `connectToSentinel` of ioredis's `SentinelConnector`, which is private by its types.
 * Why: nothing listens to the errors of these connections, and there is no other way to them before they fail.
 * Breaks otherwise: ioredis writes each of their errors to the console, beside the log. The connection that asks the
 * Sentinels for the master reports the same trouble in the log.
 * Gains: nothing in speed.
 */
export const sentinelErrors = new FastPath(
  'sentinel-errors',
  () => typeof (SentinelConnector.prototype as unknown as Partial<Inner>).connectToSentinel === 'function', // see above
)

interface Inner {
  connectToSentinel(...args: unknown[]): Redis
}

export class QuietSentinelConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions) // as ioredis calls it
    if (!sentinelErrors.isInUse) return
    const inner = this as unknown as Inner // see above
    const connect = inner.connectToSentinel.bind(this)
    inner.connectToSentinel = (...args) => connect(...args).on('error', () => {})
  }
}
