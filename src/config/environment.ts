import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { type Config, ConfigError, configSchema, defaultConfig } from './config.js'

/**
 * Reads the settings. An empty value counts as none, as in `PORT= carillon`.
 * @throws ConfigError
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const known = Object.keys(configSchema.properties)
  const data = Object.fromEntries(known.flatMap(name => (environment[name] ? [[name, environment[name]]] : [])))
  const config: Record<string, unknown> = Object.fromEntries(Object.entries(data).map(decimalsOnly))
  const validate = compile(Object.keys(data))
  if (validate(config)) return { ...defaultConfig, ...config }
  throw new ConfigError(explain(validate.errors ?? [], data))
}

/**
 * Turns text into numbers and booleans. Only for the settings that are there: to compile the rules of all of them took a
 * tenth of a start.
 */
function compile(names: readonly string[]): ValidateFunction<Partial<Config>> {
  const ajv = new Ajv({
    allErrors: true,
    coerceTypes: true,
    allowUnionTypes: true,
    code: { optimize: false },
    // The schema is our own: to check it against JSON Schema's, which is compiled for that, took longer than all else here.
    meta: false,
    validateSchema: false,
  })
  const rules = Object.entries(configSchema.properties).filter(([name]) => names.includes(name))
  return ajv.compile<Partial<Config>>({ type: 'object', properties: Object.fromEntries(rules) })
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

function explain(errors: readonly ErrorObject[], data: Record<string, unknown>): string {
  const lines = errors.map(({ instancePath, keyword, message, params }) => {
    const name = instancePath.slice(1)
    const rule = ruleOf({ name, keyword, params, message })
    // A URL may contain a password, and some values are secrets themselves.
    const value = /_URL$|_ENDPOINT$|SECRET|PASSWORD|KEYS/.test(name) ? '' : `, but is ${JSON.stringify(data[name])}`
    return `${name} ${rule}${value}`
  })
  return lines.join('\n')
}

interface Rule extends Pick<ErrorObject, 'keyword' | 'params'> {
  readonly name: string
  readonly message: string | undefined
}

const KINDS: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

/** What a setting must be. A pattern is for programs, so people get an example instead. */
function ruleOf({ name, keyword, params, message = '' }: Rule): string {
  // Ajv types what a keyword adds as anything.
  const {
    allowedValues,
    limit,
    type = '',
  } = params as { allowedValues?: readonly string[]; limit?: number; type?: string }
  if (allowedValues) return `must be one of ${allowedValues.join(', ')}`
  if (keyword === 'minimum') return `must be at least ${limit}`
  if (keyword === 'maximum') return `must be at most ${limit}`
  if (keyword === 'type') return `must be ${KINDS[type] ?? type}`
  const { examples = [] } = configSchema.properties[name as keyof Config] as { examples?: readonly string[] } // a setting of ours
  return keyword === 'pattern' && examples.length > 0 ? `must look like ${examples.join(' or ')}` : message
}
