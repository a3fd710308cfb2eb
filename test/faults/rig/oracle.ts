import type { History, Session } from './history.js'
import { judgeClient } from './judge-client.js'
import { judgeKept } from './judge-kept.js'
import { answerTimes, judgePublishes } from './judge-publishes.js'
import { judgeSession, type Losses } from './judge-session.js'
import { findTruth, type Truth } from './truth.js'
import { defaultRules, percentile, type Rules, type Verdict, type Violation } from './verdict.js'

/**
 * Says whether anybody was deceived in a run. Pure: the history in, the verdict out.
 *
 * - Redis executed each publication at most once; none that its publisher was told is not published;
 *   each that was answered 200; and every publisher had its answer in time.
 * - What a stream brought is, per channel, a duplicate-free subsequence of Redis's order.
 * - What was executed while the stream was live and did not come lies in a `gap` that the stream
 *   was told of, or after the last message of a stream that ended.
 * - Where a Cluster carries messages from node to node, what a node never had is counted apart.
 * - Where channels have a history, all streams of a client are one; what was answered 200 is kept, once.
 * - A stream is told of each gap once.
 */
export function judge(history: History, rules: Partial<Rules> = {}): Verdict {
  const all = { ...defaultRules, ...rules }
  const truth = findTruth(history)
  const losses = { inGaps: 0, atEnd: 0, onBus: 0 }
  const violations = [
    ...judgePublishes(truth, history.stalls, all),
    ...(history.kept
      ? [...judgeKept(truth, history.kept, all), ...judgeClients(history, truth, all, losses)]
      : history.sessions.flatMap(session => [...judgeSession(session, truth, all, losses)])),
  ]
  const outcomes: Record<string, number> = {}
  for (const { outcome } of history.publications) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  const times = answerTimes(truth, history.stalls)
  const count = (...kinds: string[]) => violations.filter(({ kind }) => kinds.includes(kind)).length
  const sum = (of: 'deliveries' | 'gaps') => history.sessions.reduce((total, session) => total + session[of].length, 0)
  return {
    violations,
    figures: {
      publishes: history.publications.length,
      executed: truth.executed.size,
      outcomes,
      deliveries: sum('deliveries'),
      gaps: sum('gaps'),
      lostInGaps: losses.inGaps,
      lostAtEnd: losses.atEnd,
      lostOnBus: losses.onBus,
      lostOutsideGaps: count('lost outside a gap'),
      duplicates: count('delivered twice', 'executed twice'),
      maxAnswerMs: times.reduce((a, b) => Math.max(a, b), 0),
      p99AnswerMs: percentile(times, 0.99),
    },
  }
}

function judgeClients({ sessions }: History, truth: Truth, rules: Rules, losses: Losses): Violation[] {
  const clients = new Map<string, Session[]>()
  for (const session of sessions) clients.set(session.client, [...(clients.get(session.client) ?? []), session])
  return [...clients.values()].flatMap(own => [...judgeClient(own, truth, rules, losses)])
}
