import { Redis } from '@upstash/redis'
import type { Test } from 'tap'
import { Inbox } from './inbox.js'

interface Settings {
  token?: string
  responseEncoding?: 'base64' | false
  automaticDeserialization?: boolean
  enableAutoPipelining?: boolean
}

/** The client of the package, as it is, for the gateway at the URL. */
export const upstashClient = (url: string, settings: Settings = {}): Redis =>
  new Redis({ url: `${url}/upstash`, token: 'any', enableTelemetry: true, ...settings })

/** What a subscriber of the package hands to listeners, as `[event, data]`. */
export type Heard = [event: string, data: unknown]

export interface Listening {
  readonly heard: Inbox<Heard>
  unsubscribe(names?: string[]): Promise<void>
}

/** Subscribes by the package, and resolves when it has heard that each of the names is live. */
export async function listen(
  t: Test,
  redis: Redis,
  names: string[],
  kind: 'subscribe' | 'psubscribe' = 'subscribe',
): Promise<Listening> {
  const heard = new Inbox<Heard>()
  const subscription = redis[kind](names)
  for (const event of ['message', 'pmessage', 'subscribe', 'psubscribe', 'error'] as const)
    subscription.on(event, (data: unknown) => heard.put([event, data]))
  t.teardown(() => subscription.unsubscribe())
  for (const _ of names) {
    const [event, data] = await heard.next()
    if (event !== kind) throw new Error(`${event} came before ${kind}: ${data}`)
  }
  return { heard, unsubscribe: some => subscription.unsubscribe(some) }
}
