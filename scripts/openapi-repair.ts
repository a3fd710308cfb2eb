import { RATE_HEADERS } from '../routes/problem-responses.js'
import { REQUEST_BODY } from '../routes/schemas.js'
import { CURSOR_ALIAS, SINCE_PATTERN } from '../routes/start-position.js'

type Node = Record<string, unknown>

/** An OpenAPI document from @fastify/swagger, with what that cannot know or has no words for. */
export function repair(document: unknown): Node {
  const examples: Node = {}
  const shared: Node = {}
  const named: Node = {}

  const repairNode = (key: string, value: unknown): unknown => {
    // In the schemas of routes a reference is the name of a component.
    if (key === '$ref' && typeof value === 'string' && !value.startsWith('#')) return `#/components/schemas/${value}`
    if (key === 'parameters' && Array.isArray(value)) return value.filter(({ name }) => name !== CURSOR_ALIAS)
    if (!isNode(value)) return value
    // Many generators know one form only for a choice of texts.
    const choice = textsOf(value)
    if (choice) return choice
    // A schema inside a route is a component under its title. An example of a problem has one too.
    if (typeof value.title === 'string' && (value.type === 'object' || value.oneOf !== undefined)) {
      const { title, ...schema } = value
      named[title] = schema
      return reference('schemas', title)
    }
    if (key === 'responses') return withRate(value)
    if (isNode(value[REQUEST_BODY])) {
      const { [REQUEST_BODY]: requestBody, responses, ...operation } = value
      return { ...operation, requestBody, responses }
    }
    if (value.in === 'query' && value.name === 'since' && isNode(value.schema) && value.schema.pattern === undefined)
      return { ...value, schema: { ...value.schema, pattern: SINCE_PATTERN } }
    // Fastify fills in a default before it asks for what is required.
    if (value.in === 'query' && isNode(value.schema) && 'default' in value.schema) return { ...value, required: false }
    // The same problems are answered everywhere: each example, and each response with one problem, stands once.
    if (key === 'application/problem+json' && isNode(value.examples)) {
      const names = Object.keys(value.examples)
      Object.assign(examples, value.examples)
      return { ...value, examples: Object.fromEntries(names.map(name => [name, reference('examples', name)])) }
    }
    const [only, ...others] = problemsOf(value)
    if (only === undefined || others.length > 0) return value
    shared[only] = value
    return reference('responses', only)
  }

  const { openapi, info, servers, security, tags, paths, components }: Node = JSON.parse(
    JSON.stringify(document),
    repairNode,
  )
  return {
    ...{ openapi, info, servers, security, tags, paths },
    components: { ...withSchemas(components, named), responses: sorted(shared), examples: sorted(examples) },
  }
}

/** A call that answers 429 tells the rate with each success, too. */
function withRate(responses: Node): Node {
  if (!('429' in responses)) return responses
  const told = (status: string, response: unknown): unknown =>
    status.startsWith('2') && isNode(response) ? { ...response, headers: rateHeaders(response.headers) } : response
  return Object.fromEntries(Object.entries(responses).map(([status, response]) => [status, told(status, response)]))
}

const rateHeaders = (others: unknown): Node => ({
  ...(isNode(others) ? others : {}),
  ...Object.fromEntries(
    Object.entries(RATE_HEADERS).map(([name, { description, examples, ...schema }]) => [
      name,
      { description, schema, example: examples[0] },
    ]),
  ),
})

/** The names of the problems that a response describes. */
function problemsOf({ content }: Node): string[] {
  const problem = isNode(content) ? content['application/problem+json'] : undefined
  return isNode(problem) && isNode(problem.examples) ? Object.keys(problem.examples) : []
}

const withSchemas = (components: unknown, named: Node): Node => {
  const known = isNode(components) ? components : {}
  return { ...known, schemas: sorted({ ...(isNode(known.schemas) ? known.schemas : {}), ...named }) }
}

/** A `const`, or a union of them, as one `enum`. */
function textsOf({ const: only, anyOf, ...schema }: Node): Node | undefined {
  if (typeof only === 'string') return { ...schema, enum: [only] }
  if (!Array.isArray(anyOf) || !anyOf.every(member => isNode(member) && Array.isArray(member.enum))) return undefined
  return { ...schema, type: 'string', enum: anyOf.flatMap(member => member.enum) }
}

const reference = (kind: string, name: string): Node => ({ $ref: `#/components/${kind}/${name}` })

const sorted = (node: Node): Node => Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1)))

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)
