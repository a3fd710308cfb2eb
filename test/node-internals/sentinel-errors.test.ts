import type { Redis } from 'ioredis'
import t from 'tap'
import { QuietSentinelConnector, sentinelErrors } from '../../src/node-internals/sentinel-errors.js'
import { onBothWays } from '../support/fast-paths.js'

onBothWays(
  t,
  sentinelErrors,
  'the errors of connections to Sentinels are heard, or left to ioredis',
  async (t, isFast) => {
    const connector = new QuietSentinelConnector({ sentinels: [{ host: '127.0.0.1', port: 1 }], name: 'main' })
    // Private by its types: this is what would be lost.
    const inner = connector as unknown as { connectToSentinel(endpoint: object, options: object): Redis }
    const redis = inner.connectToSentinel({ host: '127.0.0.1', port: 1 }, { lazyConnect: true })
    t.teardown(() => redis.disconnect())
    t.equal(redis.listenerCount('error'), isFast ? 1 : 0)
  },
)
