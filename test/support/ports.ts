import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the range from which Linux, macOS and Windows take the ports of outgoing connections. */
const FIRST = 20_000
const LAST = 32_000

/**
 * A port of the loopback interface that was free a moment ago. Not one the system chooses: that may
 * go to an outgoing connection before its server listens, or while its server is away to come back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    const server = createServer()
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening')
    } catch {
      continue // taken
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
