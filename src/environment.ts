import { envSchema } from 'env-schema'
import { type Config, ConfigError, configSchema } from './config.js'

/**
 * Reads the settings. An empty value counts as none, as in `PORT= carillon`.
 * @throws ConfigError
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const known = Object.keys(configSchema.properties)
  const data = Object.fromEntries(known.flatMap(name => (environment[name] ? [[name, environment[name]]] : [])))
  try {
    return envSchema<Config>({
      schema: configSchema,
      data: Object.fromEntries(Object.entries(data).map(decimalsOnly)),
      env: false,
    })
  } catch (error) {
    throw new ConfigError(explain(error, data), { cause: error })
  }
}

/** Ajv would take a blank for 0, and Infinity for a number below every maximum. */
function decimalsOnly([name, text]: [string, string | undefined]): [string, string | undefined] {
  const numeric = numericSettings.has(name) && text !== undefined
  return [name, numeric && !/^-?\d+(\.\d+)?$/.test(text) ? 'not a number' : text]
}

const numericSettings = new Set(
  Object.entries(configSchema.properties).flatMap(([name, { type }]) =>
    type === 'integer' || type === 'number' ? [name] : [],
  ),
)

/** What env-schema adds to its error: Ajv's findings. */
interface Findings {
  errors?: { instancePath: string; message?: string; params?: { allowedValues?: string[] } }[]
}

function explain(error: unknown, data: Record<string, unknown>): string {
  const { errors = [] } = error as Findings
  const lines = errors.map(({ instancePath, message, params }) => {
    const name = instancePath.slice(1)
    const rule = params?.allowedValues ? `must be one of ${params.allowedValues.join(', ')}` : message
    // A URL may hold a password, and some are secrets themselves.
    const value = /_URL$|SECRET|PASSWORD|KEYS/.test(name) ? '' : `, and is ${JSON.stringify(data[name])}`
    return `${name} ${rule}${value}`
  })
  return lines.join('\n') || String(error)
}
