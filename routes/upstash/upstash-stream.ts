import type { FastifyReply, FastifyRequest } from 'fastify'
import { callerId } from '../../plugins/access/caller-id.js'
import { ownSocket } from '../../plugins/streams/sse.js'
import { requireAllowed } from '../../src/access/authorization.js'
import type { Gateway } from '../../src/gateway.js'
import { refusalProblem } from '../../src/limits/limits.js'
import { type Topic, topicKey } from '../../src/messages/topic.js'
import { sseComment } from '../../src/protocol/sse.js'
import { HttpSink } from '../../src/streams/sinks/http.js'
import { subscribedFrames, UPSTASH_FORMAT } from '../../src/upstash/frames.js'
import { requireUsable } from '../reserved.js'

/**
 * Answers with a stream as Upstash's. Its first frames say that the topics are live; while Redis is away they are owed.
 * @throws Problem before anything has been sent
 */
export async function streamUpstash(
  { streams, limits }: Gateway,
  request: FastifyRequest,
  reply: FastifyReply,
  names: readonly Topic[],
): Promise<void> {
  const topics = [...new Map(names.map(topic => [topicKey(topic), topic])).values()]
  requireUsable(...topics)
  requireAllowed(request.caller, 'subscribe', ...topics)
  // Pipelined behind a stream, its turn may never come: until then it holds no subscription.
  await ownSocket(reply)
  const owner = callerId(request)
  // Its clients are no `EventSource`, which gives up permanently on an error, so they get the problem as a status.
  const refused = limits.streamRefusal(owner, topics)
  if (refused) throw refusalProblem(refused)

  const sink = new HttpSink(reply.raw, () => reply.openEventStream())
  const format = sink.frame(UPSTASH_FORMAT)
  const stream = streams.create({
    sink,
    owner,
    format,
    caller: request.caller,
    reqId: request.id,
    multiplexed: topics.length > 1,
    everyCopy: true,
  })
  const onClose = () => stream.close('client_gone')
  reply.raw.once('close', onClose)

  const subscribed = format.pack(subscribedFrames(topics))
  const outcome = await stream
    .subscribeOrExpectGap(topics, undefined, () => stream.subscriber.write(subscribed))
    .catch(error => {
      stream.close('channel_refused')
      throw error
    })
  await sink.begin(onClose)
  // Before the messages that may have come meanwhile.
  sink.write(outcome.live ? subscribed : format.pack([sseComment(REDIS_AWAY)]))
  streams.open(stream)
}

const REDIS_AWAY = 'Redis is away; the subscription is told when it is live'
