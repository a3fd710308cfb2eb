import type { TObject, TSchema } from '@sinclair/typebox'

export interface Setting {
  readonly name: string
  /** The values that it accepts, in words. */
  readonly type: string
  /** As text for the environment; undefined if there is none. */
  readonly defaultValue: string | undefined
  readonly description: string
}

/** The settings of a schema in the order in which they stand there. */
export function listSettings({ properties }: TObject): Setting[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    type: describeType(schema),
    defaultValue: schema.default === undefined ? undefined : String(schema.default),
    description: schema.description ?? '',
  }))
}

function describeType({ type, enum: values, minimum, maximum }: TSchema): string {
  if (Array.isArray(values)) return values.join(', ')
  return minimum === undefined ? String(type) : `${type}, ${minimum} to ${maximum}`
}

/** All settings, for `carillon serve --help`. */
export function settingsText(schema: TObject): string {
  const settings = listSettings(schema).map(
    ({ name, type, defaultValue, description }) =>
      `  ${name} (${type}${defaultValue === undefined ? '' : `; default ${defaultValue}`})\n      ${description}`,
  )
  return settings.join('\n')
}
