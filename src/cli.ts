#!/usr/bin/env node
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { type Config, ConfigError, configSchema } from './config.js'
import { readConfig } from './environment.js'
import { helpText } from './help.js'
import { packageVersion } from './package.js'
import { serve } from './server.js'
import { workerCount } from './worker-count.js'

async function main(): Promise<void> {
  const options = readArguments()
  if (options.help) return console.log(helpText(configSchema))
  if (options.version) return console.log(packageVersion())
  const config = readConfig(process.env)
  const count = workerCount(config)
  const address = count === 1 ? await serveAlone(config) : await serveTogether(config, count)
  if (address && config.LOG_LEVEL !== 'silent') greet(address, config)
}

async function serveAlone(config: Config): Promise<ServedAddress> {
  const app = await serve(config)
  return app.server.address() as AddressInfo // it listens on TCP
}

/** In the primary, the address that the workers serve. */
async function serveTogether(config: Config, count: number): Promise<ServedAddress | undefined> {
  // Not loaded by a process that is alone.
  const { gatherFromWorkers, isWorker, supervise, toldToStop } = await import('./workers.js')
  if (!isWorker) return supervise(count, config, pino({ level: config.LOG_LEVEL }))
  await serve(config, { toldToStop: toldToStop(), gather: gatherFromWorkers })
  return undefined
}

type ServedAddress = Pick<AddressInfo, 'address' | 'port'>

function readArguments(): { help?: boolean; version?: boolean } {
  try {
    return parseArgs({ options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } })
      .values
  } catch (error) {
    fail(`${(error as Error).message}\nTry: carillon --help`)
  }
}

/** To standard error, as the log has standard output for itself. */
function greet({ address, port }: ServedAddress, { REDIS_URL }: Config): void {
  const host =
    address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address
  const mode =
    REDIS_URL === undefined
      ? 'embedded broker: one process, no Redis (set REDIS_URL for more)'
      : `Redis at ${withoutCredentials(REDIS_URL)}`
  console.error(`
  Carillon listens on http://${host}:${port}
  ${mode}

  Listen:   curl -N ${host}:${port}/channels/news/events
  Publish:  curl -d hello ${host}:${port}/channels/news
  Who:      curl ${host}:${port}/channels/news/subscribers
`)
}

/** Not by `URL`, which does not know addresses with several hosts. */
const withoutCredentials = (url: string): string => url.replace(/(?<=:\/\/)[^@/]*@/, '')

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

main().catch((error: NodeJS.ErrnoException) => {
  if (error instanceof ConfigError)
    fail(`Carillon cannot start, a setting is wrong:\n${error.message}\nTry: carillon --help`)
  if (error.syscall === 'listen') fail(`Carillon cannot listen: ${error.message}`)
  throw error
})
