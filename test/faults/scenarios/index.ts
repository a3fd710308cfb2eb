import type { Scenario } from '../rig/scenario.js'
import { freezeRedis } from './freeze-redis.js'
import { halfOpen } from './half-open.js'
import { killRedis } from './kill-redis.js'
import { killSubscriber } from './kill-subscriber.js'
import { stranded } from './stranded.js'

/** In the order of the report. */
export const scenarios: readonly Scenario[] = [killRedis, freezeRedis, halfOpen, stranded, killSubscriber]
