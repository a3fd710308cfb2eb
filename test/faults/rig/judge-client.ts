import type { Session, TopicLog } from './history.js'
import { judgeContents, judgeGaps, type Losses } from './judge-session.js'
import type { Truth } from './truth.js'
import type { Rules, Violation } from './verdict.js'

/**
 * Holds what one client got over all its streams against what Redis did, where streams go on from
 * where the one before ended: for each channel they are one stream, which has no end in between.
 */
export function* judgeClient(
  sessions: readonly Session[],
  truth: Truth,
  rules: Rules,
  losses: Losses,
): Generator<Violation> {
  for (const session of sessions) yield* judgeGaps({ ...session, gaps: session.gaps.filter(isOfLoss) })
  for (const name of new Set(sessions.flatMap(({ topics }) => topics.map(topic => topic.name))))
    for (const life of livesOf(name, sessions)) yield* judgeContents(life, truth, rules, losses)
}

/** A gap that begins where the client stood may overlap any other. */
const isOfLoss = ({ reason }: { reason: string }): boolean => reason.startsWith('redis_')

/** The streams of one channel that follow each other without a hole, as one each. */
function* livesOf(channel: string, sessions: readonly Session[]): Generator<Session> {
  let life: { first: Session; topic: TopicLog; parts: Session[] } | undefined
  for (const session of sessions)
    for (const topic of session.topics.filter(({ name }) => name === channel)) {
      if (topic.isResumed && life) {
        if (!life.parts.includes(session)) life.parts.push(session)
        continue
      }
      if (life) yield asOne(life)
      life = { first: session, topic, parts: [session] }
    }
  if (life) yield asOne(life)
}

function asOne({ first, topic, parts }: { first: Session; topic: TopicLog; parts: readonly Session[] }): Session {
  const last = parts.at(-1) ?? first
  const { kind, name, liveAt } = topic
  return {
    ...last,
    gateway: parts.map(({ gateway }) => gateway).join(', then '),
    openedAt: first.openedAt,
    topics: [{ kind, name, liveAt }],
    deliveries: parts.flatMap(({ deliveries }) => deliveries.filter(delivery => delivery.channel === name)),
    gaps: parts.flatMap(({ gaps }) => gaps.filter(gap => gap.name === name)),
  }
}
