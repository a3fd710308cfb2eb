/** Carillon's client for browsers: see docs/client.md. */
export { Carillon } from './carillon.js'
export type { Gap } from './gap.js'
export type { Listener, Message } from './message.js'
export type { CarillonOptions, PublishOptions, SubscribeOptions, Subscription } from './options.js'
export { CarillonProblem } from './problem.js'
export type { Published } from './publisher.js'
export type { State } from './upstream.js'
