/** An event of API Gateway (REST or HTTP API) or of a function URL. */
export type LambdaEvent = object

interface HttpApiEvent {
  version?: string
  rawPath?: string
  rawQueryString?: string
  queryStringParameters?: unknown
  requestContext?: { stage?: string }
}

/**
 * An event of version 2.0 has path and query as they were sent; its table of parameters has repeated ones joined by
 * commas, which cannot be told from commas in a value. The path of a stage that has a name begins with it.
 */
export function normalizeEvent(event: HttpApiEvent): object {
  if (event.version !== '2.0' || event.rawPath === undefined) return event
  const { rawPath, rawQueryString, requestContext } = event
  const stage = `/${requestContext?.stage}/`
  const path = rawPath.startsWith(stage) ? rawPath.slice(stage.length - 1) : rawPath
  return { ...event, rawPath: rawQueryString ? `${path}?${rawQueryString}` : path, queryStringParameters: undefined }
}
