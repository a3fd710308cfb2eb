/** Carillon's client for browsers: see docs/client.md. */
export {
  Carillon,
  type CarillonOptions,
  type PublishOptions,
  type SubscribeOptions,
  type Subscription,
} from './carillon.js'
export type { State } from './connection.js'
export type { Gap } from './gap.js'
export type { Listener, Message } from './message.js'
export { CarillonProblem } from './problem.js'
export type { Published } from './publisher.js'
