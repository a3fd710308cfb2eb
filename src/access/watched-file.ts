import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { ConfigError } from '../config/config.js'
import type { Logger } from '../telemetry/logger.js'

/**
 * Reads a file of the configuration, and again each time it has changed. It is looked at, not waited for: where a
 * file is a link that is turned to another one, as in a volume of Kubernetes, no event would come. What cannot be used
 * is logged, and what there was before stays good. Ends when `stop` aborts.
 * @throws ConfigError when it cannot be used at the start
 */
export function watchConfigFile(
  path: string,
  { setting, use, log, stop }: { setting: string; use: (text: string) => void; log: Logger; stop: AbortSignal },
): void {
  let last: string
  try {
    last = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigError(`${setting}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  use(last)
  const changed = (): void => {
    try {
      const text = readFileSync(path, 'utf8')
      if (text === last) return
      use(text)
      last = text
      log.info({ setting }, 'read a changed configuration file')
    } catch (error) {
      log.error(
        { setting, reason: (error as Error).message },
        'a configuration file is invalid; its previous content stays in effect',
      )
    }
  }
  watchFile(path, { interval: POLL_MS, persistent: false }, changed)
  watched.add(changed)
  stop.addEventListener(
    'abort',
    () => {
      unwatchFile(path, changed)
      watched.delete(changed)
    },
    { once: true },
  )
}

/** The check of each file that is watched in this process. */
const watched = new Set<() => void>()

/** Looks at all of them now. */
export function rereadConfigFiles(): void {
  for (const look of watched) look()
}

const POLL_MS = 1000
