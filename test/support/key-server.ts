import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { Test } from 'tap'
import { freePort } from './ports.js'

/** What an identity provider does for us: it has its keys at a URL. Goes away and comes back as a test wants. */
export class KeyServer {
  /** Each request that came, as `GET /jwks`. */
  readonly requests: string[] = []
  /** What it answers; `keys` by default. */
  answer: (response: ServerResponse) => void = response => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: this.keys }))
  }
  keys: unknown[]
  readonly #port: number
  #server: Server | undefined

  private constructor(port: number, keys: unknown[]) {
    this.#port = port
    this.keys = keys
  }

  /** It stops with the test. `listens: false` is one that is still away. */
  static async start(t: Test, keys: unknown[], { listens = true } = {}): Promise<KeyServer> {
    const server = new KeyServer(await freePort(), keys)
    t.teardown(() => server.stop())
    if (listens) await server.listen()
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/jwks`
  }

  async listen(): Promise<void> {
    const server = createServer(({ method, url }, response) => {
      this.requests.push(`${method} ${url}`)
      this.answer(response)
    })
    this.#server = server
    await once(server.listen(this.#port, '127.0.0.1'), 'listening')
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
}
