import type { State } from '../client/index.js'
import { button, element } from './dom.js'

interface Emptiness {
  /** Why the gateway refuses the stream. */
  refusal: string | undefined
  state: State
  /** A topic that is listened to. */
  topic: string
  /** Listens to everything. */
  listen: () => void
}

/** What is shown instead of messages: why there are none, and what to do. */
export function emptyText({ refusal, state, topic, listen }: Emptiness): HTMLElement[] {
  if (refusal !== undefined) return [element('p', 'lead bad', refusal)]
  if (state === 'open')
    return [
      element('p', 'lead', 'Connected. No messages yet.'),
      element('p', 'dim', `New messages on ${topic} appear here.`),
    ]
  if (state === 'connecting') return [element('p', 'lead', 'Connecting …')]
  return [
    element('p', 'lead', 'Enter a channel to see its messages.'),
    element(
      'p',
      'dim',
      'Separate several channels with spaces. A pattern such as chat:* subscribes to all channels that match.',
    ),
    element('p', '', button('Subscribe to everything', listen)),
  ]
}
