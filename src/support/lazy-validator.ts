import type { Static, TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'

/** Says whether a value has the form of the schema; it is compiled when that is asked for the first time. */
export function lazyValidator<Schema extends TSchema>(schema: Schema): (value: unknown) => value is Static<Schema> {
  let compiled: TypeCheck<Schema> | undefined
  return (value): value is Static<Schema> => {
    compiled ??= TypeCompiler.Compile(schema)
    return compiled.Check(value)
  }
}
