import type { HistoryPage } from '../brokers/history.js'
import type { PageQuery } from '../history/catch-up-limiter.js'
import { markOf, UNKNOWN } from '../messages/position.js'
import { channelTopic } from '../messages/topic.js'
import type { LongPollSink } from './long-poll-sink.js'
import type { Stream } from './stream.js'

export interface PollOptions {
  readonly channel: string
  readonly from: PageQuery
  readonly read: (query: PageQuery) => Promise<HistoryPage>
  /** How long to wait for something that is not there yet. */
  readonly waitMs: number
  /** A stream that writes into the sink; it ends when the request is gone. */
  readonly listen: (sink: LongPollSink) => Stream
}

/**
 * A page of a channel's history. Where there is nothing, waits for it: listens, and reads again
 * whenever something has come. The listening begins before the read that decides, so that nothing
 * falls in between.
 */
export async function poll(
  sink: LongPollSink,
  { channel, from, read, waitMs, listen }: PollOptions,
): Promise<HistoryPage> {
  let page = await read(from)
  if (waitMs === 0 || hasNews(page)) return page
  // The page for `last` or `since` has been read by now. Only later messages follow.
  const after = page.newest ? markOf(page.newest) : (from.after ?? UNKNOWN)
  const next = typeof from.since === 'number' ? { after, since: from.since } : { after }
  const stream = listen(sink)
  const timer = setTimeout(() => stream.close('timeout'), waitMs)
  try {
    stream.open()
    // A topic that is not live yet gets there by itself, or the wait ends.
    stream.subscribe([channelTopic(channel)]).then(
      () => sink.write(),
      () => stream.close('channel_refused'),
    )
    while (!sink.ended) {
      await sink.next()
      if (sink.ended) break
      page = await read(next)
      if (hasNews(page)) break
    }
    return page
  } finally {
    clearTimeout(timer)
    stream.close('limit_reached')
  }
}

const hasNews = ({ entries, continuity }: HistoryPage): boolean => entries.length > 0 || continuity !== 'whole'
