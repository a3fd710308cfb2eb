import type { Broker } from './broker.js'
import type { Config } from './config.js'
import { Hub } from './hub.js'
import { Streams } from './streams.js'

/** The domain as one: what the routes work with. */
export interface Gateway {
  readonly config: Config
  readonly broker: Broker
  readonly hub: Hub
  readonly streams: Streams
}

/** Puts the gateway together and lets the broker connect. Whoever made the broker closes it. */
export function createGateway(config: Config, broker: Broker): Gateway {
  const hub = new Hub(broker)
  const streams = new Streams(hub, config)
  broker.start(hub)
  return { config, broker, hub, streams }
}
