/** A media type with its parameters: RFC 9110 section 8.3.1, with no room for what parsers read differently. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const rule = new RegExp(`^(${TOKEN}/${TOKEN})(?: ?; ?${TOKEN}=(?:${TOKEN}|"[^"\\\\\\x00-\\x1f\\x7f]*"))*$`)

/**
 * The media type of a Content-Type header, in lower case and without parameters; undefined for a
 * header that is malformed. No header at all means bytes of no type, RFC 9110 section 8.3.
 */
export function mediaType(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return 'application/octet-stream'
  return rule.exec(contentType)?.[1]?.toLowerCase()
}

export const isJsonType = (type: string): boolean => type === 'application/json' || type.endsWith('+json')
