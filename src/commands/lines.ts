const LF = 0x0a
const CR = 0x0d

/**
 * The lines of a stream as bytes, without their line ends: LF, or CR and LF. `readline` would decode them, and on
 * newer versions of Node also split at U+2028 and U+2029. What follows the last line end is a line unless it is empty.
 */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  for await (const chunk of stream) {
    let from = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      parts.push(chunk.subarray(from, end))
      const line = Buffer.concat(parts)
      parts = []
      from = end + 1
      yield line.at(-1) === CR ? line.subarray(0, -1) : line
    }
    if (from < chunk.length) parts.push(chunk.subarray(from))
  }
  if (parts.length > 0) yield Buffer.concat(parts)
}
