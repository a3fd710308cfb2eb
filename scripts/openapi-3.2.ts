type Node = Record<string, unknown>

/**
 * The document of `openapi.yaml` in the words of OpenAPI 3.2: streams with a schema for each item (section 4.14.3), and
 * the method `QUERY` (section 4.9). Few tools read it so far; docs/api.md says which.
 */
export function openapi32(document: Node): Node {
  const paths = Object.fromEntries(
    Object.entries(document.paths as Node).map(([path, item]) => [path, pathItem(path, structuredClone(item) as Node)]), // as OpenAPI says
  )
  return { ...document, openapi: '3.2.0', paths }
}

/** The calls that take their parameters by `QUERY`, too. */
const QUERY_PATHS: ReadonlySet<string> = new Set(['/events', '/channels'])

function pathItem(path: string, item: Node): Node {
  for (const operation of Object.values(item)) describeItems(operation as Node)
  const { get } = item
  return isNode(get) && QUERY_PATHS.has(path) ? { ...item, query: byQuery(get) } : item
}

function describeItems({ responses }: Node): void {
  const success = isNode(responses) ? responses['200'] : undefined
  const content = isNode(success) ? success.content : undefined
  if (!isNode(content)) return
  const { 'text/event-stream': sse, 'application/x-ndjson': ndjson } = content
  if (isNode(sse) && isNode(sse.schema)) byItem(sse, { description: sse.schema.description, ...SSE_ITEM })
  if (isNode(ndjson) && isNode(ndjson.schema)) {
    const { description, contentSchema } = ndjson.schema
    byItem(ndjson, { description, ...(contentSchema as { items: Node }).items }) // as the transport describes it
  }
}

/** The `schema` of a stream would be that of a list of all its items. */
function byItem(content: Node, itemSchema: Node): void {
  content.itemSchema = itemSchema
  delete content.schema
}

/** The fields of an event, WHATWG HTML section 9.2.6. */
const SSE_ITEM = {
  type: 'object',
  required: ['data'],
  properties: {
    data: { type: 'string', description: 'The message, or an envelope as JSON.' },
    event: { type: 'string', description: 'The event type, or the name of a control event.' },
    id: { type: 'string', description: 'The cursor, where the channel has a history.' },
    retry: { type: 'integer', description: 'When to reconnect, in milliseconds.' },
  },
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly description: string
  readonly schema: Node
}

function byQuery({ operationId, parameters, responses, ...get }: Node): Node {
  const given = (parameters ?? []) as readonly Parameter[] // all are written out
  const properties = Object.fromEntries(
    given
      .filter(each => each.in === 'query')
      .map(({ name, description, schema }) => [name, { ...schema, description }]),
  )
  const schema = { type: 'object', properties, additionalProperties: false }
  return {
    operationId: `${operationId}ByQuery`,
    ...get,
    parameters: given.filter(each => each.in !== 'query'),
    requestBody: {
      description: 'The parameters.',
      required: true,
      content: { 'application/json': { schema }, 'application/x-www-form-urlencoded': { schema } },
    },
    responses,
  }
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)
