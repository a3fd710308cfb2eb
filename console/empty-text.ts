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

/** What stands in the place of messages: the reason that there are none, and what to do. */
export function emptyText({ refusal, state, topic, listen }: Emptiness): HTMLElement[] {
  if (refusal !== undefined) return [element('p', 'lead bad', refusal)]
  if (state === 'open')
    return [
      element('p', 'lead', 'Live, and nothing has been published yet.'),
      element('p', 'dim', `Whatever is published to ${topic} from now on shows here.`),
    ]
  if (state === 'connecting') return [element('p', 'lead', 'Connecting …')]
  return [
    element('p', 'lead', 'Name a channel to hear what is published to it.'),
    element('p', 'dim', 'Several go with spaces between them; a pattern such as chat:* takes in all that match.'),
    element('p', '', button('Listen to everything', listen)),
  ]
}
