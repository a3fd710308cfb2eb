/**
 * The value as JSON in which no reader finds the end of a line. U+0085, U+2028 and U+2029 may stand in a JSON string as they
 * are, but `readline` of Node and `splitlines` of Python split there.
 */
export const toJson = (value: unknown): string => escapeLineEnds(JSON.stringify(value))

/** The same for text that is JSON already. */
export const escapeLineEnds = (json: string): string =>
  hasLineEnd(json) ? json.replace(LINE_ENDS, end => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`) : json

/** Whether the text has one of the line ends that JSON does not escape. */
export const hasLineEnd = (text: string): boolean => LINE_END.test(text)

const LINE_END = /[\u0085\u2028\u2029]/
const LINE_ENDS = new RegExp(LINE_END, 'g')
