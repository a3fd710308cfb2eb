import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { accessMode, isLoopbackAddress } from '../access/mode.js'
import { LOCAL_ONLY, WAYS_OUT } from '../access/no-rules.js'
import { type Config, ConfigError, configSchema } from '../config/config.js'
import { readConfig } from '../config/environment.js'
import { settingsText } from '../config/help.js'
import { serve } from '../process/server.js'
import { workerCount } from '../process/worker-count.js'
import { logOutput } from '../telemetry/log-output.js'
import { serializers } from '../telemetry/server-log.js'
import { CommandError, EXIT, readArguments } from './command.js'

export const help = `Runs the gateway.

Usage: carillon [serve] [options]

  --port PORT       the same as PORT
  --host ADDRESS    the same as HOST
  --redis URL       the same as REDIS_URL

All settings are environment variables, and an option goes before its variable:

${settingsText(configSchema)}

Examples:
  carillon
  REDIS_URL=redis://127.0.0.1:6379 carillon
  carillon --port 8080 --host 0.0.0.0 --redis redis://redis

Exit codes: 0 stopped by a signal, 1 cannot start or has failed, 2 wrong usage.
`

export async function run(args: string[]): Promise<number | undefined> {
  const { values, positionals } = readArguments('serve', args, {
    port: { type: 'string' },
    host: { type: 'string' },
    redis: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  })
  if (values.help) {
    process.stdout.write(help)
    return EXIT.done
  }
  if (positionals.length > 0)
    throw new CommandError(EXIT.usage, `serve has no argument "${positionals[0]}".\nTry: carillon serve --help`)
  // In the environment, workers find them, too.
  const given = { PORT: values.port, HOST: values.host, REDIS_URL: values.redis }
  for (const [name, value] of Object.entries(given)) if (value !== undefined) process.env[name] = value
  try {
    const config = readConfig(process.env)
    const count = workerCount(config)
    const address = count === 1 ? await serveAlone(config) : await serveTogether(config, count)
    if (address && config.LOG_LEVEL !== 'silent') printStart(address, config)
    return undefined // it goes on
  } catch (error) {
    if (error instanceof ConfigError)
      throw new CommandError(
        EXIT.failed,
        `Carillon cannot start because of a setting:\n${error.message}\nTry: carillon serve --help`,
      )
    const { syscall, code, message } = error as NodeJS.ErrnoException
    // Of a worker it is the primary that binds the port.
    if (syscall === 'listen' || syscall === 'bind')
      throw new CommandError(EXIT.failed, `Carillon cannot listen: ${message}${ADVICE[code ?? ''] ?? ''}`)
    throw error
  }
}

async function serveAlone(config: Config): Promise<ServedAddress> {
  const app = await serve(config)
  return app.server.address() as AddressInfo // it listens on TCP
}

const ADVICE: Record<string, string> = {
  EADDRINUSE: '\nAnother program uses this port. Choose another one: --port 3001',
  EACCES: '\nThis user may not use this port. Choose one above 1023: --port 3000',
}

/** In the primary, the address that the workers serve. */
async function serveTogether(config: Config, count: number): Promise<ServedAddress | undefined> {
  // Not loaded by a process that is alone.
  const { gatherFromWorkers, isWorker, supervise, stopRequested } = await import('../process/workers.js')
  if (!isWorker) return supervise(count, config, pino({ level: config.LOG_LEVEL, serializers }, await logOutput()))
  await serve(config, { stopRequested: stopRequested(), gather: gatherFromWorkers })
  return undefined
}

type ServedAddress = Pick<AddressInfo, 'address' | 'port'>

/** To standard error, as the log has standard output for itself. */
function printStart({ address, port }: ServedAddress, config: Config): void {
  const { REDIS_URL, CONSOLE } = config
  const host =
    address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address.includes(':') ? `[${address}]` : address
  const mode =
    REDIS_URL === undefined
      ? 'Embedded broker: one process, no Redis (set REDIS_URL to use one)'
      : `Redis at ${withoutCredentials(REDIS_URL)}`
  const here = `${host}:${port}`
  const key = accessMode(config) === 'rules' ? '-H "Authorization: Bearer $CARILLON_TOKEN" ' : ''
  const closed =
    accessMode(config) === 'local' && !isLoopbackAddress(address) ? `\n  ${LOCAL_ONLY} To open it:\n${waysOut()}\n` : ''
  console.error(`
  Carillon listens on http://${here}
  ${mode}

  Listen:   curl -N ${key}${here}/channels/news/events
  Publish:  curl -d hello ${key}${here}/channels/news
  Count:    curl ${key}${here}/channels/news/subscribers${CONSOLE ? `\n  Console:  http://${here}/console` : ''}
${closed}`)
}

const waysOut = (): string => WAYS_OUT.map(({ what, command }) => `    ${what}: ${command}`).join('\n')

/** Not by `URL`, which does not know addresses with several hosts. */
const withoutCredentials = (url: string): string => url.replace(/(?<=:\/\/)[^@/]*@/, '')
