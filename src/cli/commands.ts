import type { Command } from './command.js'

interface Entry {
  /** One line of `carillon --help`. */
  readonly summary: string
  load(): Promise<Command>
}

/** Every command there is. A module is loaded by who calls it: serving starts without the others. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: { summary: 'run the gateway; the same as no command at all', load: () => import('./serve.js') },
  publish: { summary: 'publish a message', load: () => import('./publish.js') },
  tail: { summary: 'listen to channels and patterns', load: () => import('./tail.js') },
  channels: { summary: 'list the channels that have listeners', load: () => import('./channels.js') },
  key: { summary: 'make an API key and its entry for the settings', load: () => import('./key.js') },
  doctor: { summary: 'look for what is wrong, and say what to do', load: () => import('./doctor/index.js') },
}
