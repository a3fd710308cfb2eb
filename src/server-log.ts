/** Whoever logs a request: what stands in a query is nobody's business, and may be a ticket. */
export const describeRequest = ({ method, url }: { method: string; url: string }) => ({
  method,
  url: url.replace(/\?.*$/s, '?…'),
})
