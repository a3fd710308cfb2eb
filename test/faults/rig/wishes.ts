import type { TopicName } from './history.js'
import type { Form } from './listener.js'
import { PATTERNS } from './patterns.js'
import type { Chance } from './prng.js'

/** What a listener wants. `home` chooses its gateway. */
export interface Wish {
  readonly name: string
  readonly form: Form
  readonly topics: readonly TopicName[]
  readonly home: number
}

const FORMS: readonly Form[] = ['sse', 'sse', 'sse', 'sse', 'ws', 'ws', 'ws', 'ndjson', 'session', 'session']

/** Listeners of all forms: most on one channel, some on several, some on patterns too. */
export function wishes(
  chance: Chance,
  channels: readonly string[],
  { listeners, patterns }: { listeners: number; patterns: boolean },
): Wish[] {
  return Array.from({ length: listeners }, (_, i): Wish => {
    const form = chance.pick(FORMS)
    const several = form === 'session' || (form !== 'ws' && chance.happens(0.2))
    const topics = new Map<string, TopicName>()
    for (let n = several ? chance.integer(1, 4) : 1; n > 0; n--) {
      const name = chance.pick(channels)
      topics.set(name, { kind: 'channel', name })
    }
    if (several && patterns && chance.happens(0.6)) {
      const name = chance.pick(Object.keys(PATTERNS))
      topics.set(name, { kind: 'pattern', name })
    }
    return { name: `c${i + 1}`, form, topics: [...topics.values()], home: i }
  })
}
