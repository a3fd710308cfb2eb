import type { Config } from '../../config/config.js'
import { parseHistoryRules } from '../history-rules.js'
import { MemoryBroker } from './broker.js'

/** @throws ConfigError */
export const createMemoryBroker = ({ HISTORY, IDEMPOTENCY_SECONDS }: Config): MemoryBroker =>
  new MemoryBroker({ history: parseHistoryRules(HISTORY), idempotencySeconds: IDEMPOTENCY_SECONDS })
