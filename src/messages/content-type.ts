/** A media type with its parameters: RFC 9110 sections 5.6.4, 5.6.6 and 8.3.1. */
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const QUOTED = String.raw`"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t -\x7e\x80-\xff])*"`
// White space stands in front of a semicolon or of a parameter, never in two places that meet: the rule stays linear.
const rule = new RegExp(`^(${TOKEN}/${TOKEN})(?:[\\t ]*;(?:[\\t ]*${TOKEN}=(?:${TOKEN}|${QUOTED}))?)*[\\t ]*$`)

/**
 * The media type of a Content-Type header, in lower case and without parameters; undefined for a
 * header that is malformed. No header at all means bytes of no type, RFC 9110 section 8.3.
 */
export function mediaType(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return 'application/octet-stream'
  return rule.exec(contentType)?.[1]?.toLowerCase()
}

export const isJsonType = (type: string): boolean => type === 'application/json' || type.endsWith('+json')
