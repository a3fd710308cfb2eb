import type { Scenario } from '../rig/scenario.js'
import { aclRevoke } from './acl-revoke.js'
import { bufferKill } from './buffer-kill.js'
import { busyScript } from './busy-script.js'
import { churn } from './churn.js'
import { clusterScenarios } from './cluster.js'
import { debugSleep } from './debug-sleep.js'
import { drain } from './drain.js'
import { freezeRedis } from './freeze-redis.js'
import { halfOpen } from './half-open.js'
import { killGateway } from './kill-gateway.js'
import { killRedis } from './kill-redis.js'
import { killSubscriber } from './kill-subscriber.js'
import { outOfMemory } from './out-of-memory.js'
import { rollingRestart } from './rolling-restart.js'
import { sentinelFailover, sentinelHung, sentinelKill } from './sentinel.js'
import { soak } from './soak.js'
import { stranded } from './stranded.js'
import { stuckClient } from './stuck-client.js'

/** In the order of the report. */
export const scenarios: readonly Scenario[] = [
  killRedis,
  freezeRedis,
  halfOpen,
  stranded,
  killSubscriber,
  bufferKill,
  debugSleep,
  busyScript,
  sentinelKill,
  sentinelFailover,
  sentinelHung,
  ...clusterScenarios,
  drain,
  rollingRestart,
  killGateway,
  stuckClient,
  churn,
  outOfMemory,
  aclRevoke,
]

/** Run only when asked for by name: it takes its time. */
export const onRequest: readonly Scenario[] = [soak]
