import type { Client } from '../../src/fanout/client.js'
import { ClientQueue } from '../../src/fanout/client-queue.js'
import type { Hub } from '../../src/fanout/hub.js'
import { Subscriber } from '../../src/fanout/subscriber.js'
import type { Topic } from '../../src/messages/topic.js'
import type { Format } from '../../src/protocol/format.js'
import { FakeSink } from './fake-sink.js'
import { FORMATS } from './formats.js'

export interface HubClientOptions {
  format?: Format
  /** It has a group of its own, which ends after so many messages. */
  limit?: number
  maxBufferedBytes?: number
}

/** A client of the hub that is open and writes into a fake sink. It leaves its topics when it is closed, as streams do. */
export function hubClient(
  hub: Hub,
  { format = FORMATS.ndjson, limit, maxBufferedBytes = 1024 }: HubClientOptions = {},
): Client & { sink: FakeSink; join(...topics: Topic[]): Promise<void> } {
  const sink = new FakeSink()
  const topics: Topic[] = []
  const subscriber = new Subscriber({
    sink,
    maxBufferedBytes,
    onClose: () => {
      for (const topic of topics) hub.unsubscribe(client, topic)
    },
  })
  subscriber.open()
  const group =
    limit === undefined
      ? undefined
      : new ClientQueue(format, hub.scheduler, { limit, onLimit: () => subscriber.close('limit_reached') })
  const client = { subscriber, format, ...(group && { group }) }
  const join = async (...more: Topic[]) => {
    topics.push(...more)
    await Promise.all(more.map(topic => hub.subscribe(client, topic)))
  }
  return Object.assign(client, { sink, join })
}

/** What is joined at the end of this tick has left. */
export const endOfTick = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** The messages among the lines of NDJSON, as `channel data`. */
export const lines = (sink: FakeSink): string[] =>
  sink.text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as { channel?: string; pattern?: string; event?: string; data: string })
    .map(({ channel, pattern, event, data }) => (event === 'gap' ? `gap ${channel ?? pattern}` : `${channel} ${data}`))
