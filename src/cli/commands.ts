import type { Command } from './command.js'

interface Entry {
  /** One line of `carillon --help`. */
  readonly summary: string
  load(): Promise<Command>
}

/** All commands. The module of a command is loaded when it is called. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: { summary: 'run the gateway (default)', load: () => import('./serve.js') },
  publish: { summary: 'publish a message', load: () => import('./publish.js') },
  tail: { summary: 'subscribe to channels and patterns', load: () => import('./tail.js') },
  channels: { summary: 'list channels with subscribers', load: () => import('./channels.js') },
  key: { summary: 'create an API key and its entry for the gateway', load: () => import('./key.js') },
  doctor: { summary: 'check settings, Redis and the gateway', load: () => import('./doctor/index.js') },
}
