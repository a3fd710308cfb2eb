import { problemUri } from '../../src/protocol/problem-types.js'

interface Parameter {
  name: string
  description?: string
  example?: unknown
}

interface Response {
  $ref?: string
  content?: Record<string, { examples?: Record<string, unknown> }>
}

interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  parameters?: Parameter[]
  responses: Record<string, Response>
}

/** As far as the tests look into it. */
export interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { responses: Record<string, Response> }
}

export interface DescribedOperation {
  readonly method: string
  readonly path: string
  readonly operation: Operation
  /** What it can answer with, by the examples. */
  readonly problems: { status: number; type: string; uri: string }[]
}

export function operations({ paths, components }: Document): DescribedOperation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
      problems: Object.entries(operation.responses).flatMap(([status, response]) => {
        const { content } = resolve(response, components.responses)
        const types = Object.keys(content?.['application/problem+json']?.examples ?? {})
        return types.map(type => ({ status: Number(status), type, uri: `${PREFIX}${type}` }))
      }),
    })),
  )
}

const PREFIX = problemUri('not-found').replace('not-found', '')

const resolve = (response: Response, shared: Record<string, Response>): Response =>
  shared[response.$ref?.replace('#/components/responses/', '') ?? ''] ?? response
