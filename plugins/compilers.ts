import buildValidatorCompiler from '@fastify/ajv-compiler'
import buildSerializerCompiler from '@fastify/fast-json-stringify-compiler'
import type { TSchema } from '@sinclair/typebox'
import type { FastifySchemaValidationError } from 'fastify'
import fp from 'fastify-plugin'
import { escapeLineEnds } from '../src/messages/json-text.js'

/**
 * The schemas of the routes are compiled by Fastify's own compilers, but each when it is first
 * needed: most of a start would go into validators and serializers that are never called.
 *
 * The shared schemas stay here and are not added to the app: one around the gateway may have some of the same names.
 */
export const compilers = fp<{ shared: readonly TSchema[] }>(
  async (app, { shared }) => {
    const schemas = Object.fromEntries(shared.map(schema => [schema.$id ?? '', schema]))
    const validatorCompiler = once(() => buildValidatorCompiler()(schemas, { customOptions: VALIDATION }))
    app.setValidatorCompiler(route => {
      // They stand in the schemas for readers of the contract. The handler that uses a header checks it, and the hook of
      // access checks the channel in the path.
      if (route.httpPart === 'headers' || route.httpPart === 'params') return () => true
      // Typed for a bare schema, and called by Fastify with the route around it.
      const compiled = once(() => validatorCompiler()(route as object))
      const validate: Validate = data => {
        const valid = compiled()(data) === true
        validate.errors = (compiled().errors ?? null) as FastifySchemaValidationError[] | null // Ajv's, which that type describes
        return valid
      }
      return validate
    })

    const serializerCompiler = once(() => buildSerializerCompiler()(schemas))
    app.setSerializerCompiler(({ httpStatus = '', ...route }) => {
      const compiled = once(() => serializerCompiler()({ ...route, httpStatus }))
      return data => escapeLineEnds(compiled()(data))
    })
  },
  { name: 'carillon-compilers' },
)

interface Validate {
  (data: unknown): boolean
  errors?: FastifySchemaValidationError[] | null
}

/** Nothing is dropped from a request in silence, and a value is only turned where a URL had no other way to say it. */
const VALIDATION = { removeAdditional: false, coerceTypes: 'array' } as const

function once<Value>(make: () => Value): () => Value {
  let value: Value | undefined
  return () => {
    value ??= make()
    return value
  }
}
