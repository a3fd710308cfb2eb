import { killRedis } from './kill-redis.js'

/** A Redis that keeps nothing on disk dies, and every history with it. */
export const killRedisEmpty = {
  ...killRedis,
  name: 'kill-redis-empty',
  fault: 'kill -9 of a Redis that keeps nothing, restart',
  withHistory: { keeps: false },
}
