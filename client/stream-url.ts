import { addTopics } from './topics.js'
import type { ConnectionOptions } from './upstream.js'

/** The stream of these topics, from the cursor on. */
export async function streamUrl(
  { url, ticket }: ConnectionOptions,
  topics: readonly string[],
  cursor: string,
): Promise<URL> {
  const stream = new URL('events', url)
  addTopics(stream.searchParams, topics)
  stream.searchParams.set('position', 'true')
  if (ticket) stream.searchParams.set('ticket', await ticket(topics))
  if (cursor) stream.searchParams.set('last_event_id', cursor)
  return stream
}
