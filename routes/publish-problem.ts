import { Problem } from '../src/protocol/problems.js'
import type { PublishResult } from '../src/protocol/publish-result.js'

/** What a publish that was not executed, or perhaps not, is answered with. */
export function publishProblem(result: PublishResult | undefined): Problem {
  const type = result && 'problem' in result ? result.problem : 'internal-error'
  return new Problem(type, undefined, type === 'idempotency-key-in-flight' ? { 'retry-after': '1' } : {})
}
