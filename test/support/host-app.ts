import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import type { Test } from 'tap'

/** An app that a gateway is embedded in; it closes with the test. */
export function hostApp(t: Test, options: FastifyServerOptions & { https?: object } = {}): FastifyInstance {
  const app = Fastify({ routerOptions: { maxParamLength: 128 }, ...options } as FastifyServerOptions)
  t.teardown(async () => {
    const cut = setTimeout(() => app.server.closeAllConnections(), 100)
    await app.close()
    clearTimeout(cut)
  })
  return app
}

/** Its address, when it listens. */
export async function listening(app: FastifyInstance): Promise<{ url: string; port: number }> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo // it listens on TCP
  return { url: `http://127.0.0.1:${port}`, port }
}
