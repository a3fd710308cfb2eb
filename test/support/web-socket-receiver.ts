import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { Writable } from 'node:stream'

// The parser of ws itself; its types do not name it.
const { Receiver } = createRequire(import.meta.url)('ws') as {
  Receiver: new (options: { isServer: boolean; skipUTF8Validation: boolean }) => Writable
}

/** The client's side of a WebSocket, without the socket: masked frames and broken ones are errors. */
export function webSocketReceiver() {
  const receiver = new Receiver({ isServer: false, skipUTF8Validation: false })
  /** The message that the bytes are; they must be exactly one. */
  const read = async (bytes: Buffer): Promise<{ data: Buffer; isBinary: boolean }> => {
    const message = once(receiver, 'message')
    receiver.write(bytes)
    const [data, isBinary] = (await message) as [Buffer, boolean] // as ws emits it
    return { data, isBinary }
  }
  return { receiver, read }
}
