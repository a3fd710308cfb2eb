const LF = 0x0a
const CR = 0x0d

interface LineOptions {
  /** A longer line ends the reading. */
  maxBytes?: number
  /** Whether what follows the last line end is a line too, unless it is empty. */
  unfinished?: boolean
}

/**
 * The lines of a stream as bytes, without their line ends: LF, or CR and LF. `readline` would decode them, and on
 * newer versions of Node also split at U+2028 and U+2029.
 * @throws RangeError for a line of more than `maxBytes`
 */
export async function* linesOf(
  stream: AsyncIterable<Uint8Array>,
  { maxBytes = Number.POSITIVE_INFINITY, unfinished = true }: LineOptions = {},
): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let bytes = 0
  const add = (part: Uint8Array): void => {
    bytes += part.length
    if (bytes > maxBytes) throw new RangeError(`a line has more than ${maxBytes} bytes`)
    parts.push(part)
  }
  for await (const chunk of stream) {
    let from = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      add(chunk.subarray(from, end))
      const line = Buffer.concat(parts)
      parts = []
      bytes = 0
      from = end + 1
      yield line.at(-1) === CR ? line.subarray(0, -1) : line
    }
    if (from < chunk.length) add(chunk.subarray(from))
  }
  if (unfinished && parts.length > 0) yield Buffer.concat(parts)
}
