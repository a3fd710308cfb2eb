import type { Scenario } from '../rig/scenario.js'
import { aclRevoke } from './acl-revoke.js'
import { anotherHistory } from './another-history.js'
import { bufferKill } from './buffer-kill.js'
import { busyScript } from './busy-script.js'
import { churn } from './churn.js'
import { clusterScenarios } from './cluster.js'
import { debugSleep } from './debug-sleep.js'
import { drain } from './drain.js'
import { freezeRedis } from './freeze-redis.js'
import { halfOpen } from './half-open.js'
import { historyDeleted } from './history-deleted.js'
import { killGateway } from './kill-gateway.js'
import { killRedis } from './kill-redis.js'
import { killRedisEmpty } from './kill-redis-empty.js'
import { killSubscriber } from './kill-subscriber.js'
import { outOfMemory } from './out-of-memory.js'
import { resume } from './resume.js'
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

/** The same where channels have a history, and what can only happen there. */
export const withHistory: readonly Scenario[] = [
  ...scenarios,
  killRedisEmpty,
  resume,
  historyDeleted,
  ...anotherHistory,
]

/** Run only when asked for by name: it takes its time. */
export const onRequest: readonly Scenario[] = [soak]
