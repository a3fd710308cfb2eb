import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { packageFile } from '../../src/package.js'

/** A server of streams that keeps all it was given, and resumes at any cursor: what a client meets where a history is whole. */
export async function startKeeping(t: Pick<Test, 'teardown'>) {
  const kept: string[] = []
  const open = new Map<ServerResponse, number>()
  const asked: (string | undefined)[] = []
  const script = await readFile(packageFile('dist/client.js'))

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (pathname === '/client.js') return response.setHeader('content-type', 'text/javascript').end(script)
    if (pathname !== '/events') return response.writeHead(404).end()
    // The header is the newer one, where an `EventSource` comes back by itself.
    const cursor = request.headers['last-event-id']?.toString() ?? searchParams.get('last_event_id') ?? undefined
    asked.push(cursor)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('retry: 50\n\n')
    open.set(response, cursor === undefined ? kept.length : Number(cursor.slice(1)))
    response.once('close', () => open.delete(response))
    flush(response)
  })
  const flush = (response: ServerResponse) => {
    for (let at = open.get(response) ?? 0; at < kept.length; at++) {
      const envelope = JSON.stringify({ channel: 'kept', id: `i${at + 1}`, data: kept[at] })
      response.write(`id: i${at + 1}\ndata: ${envelope}\n\n`)
    }
    open.set(response, kept.length)
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const publish = (...texts: string[]) => {
    kept.push(...texts)
    for (const response of open.keys()) flush(response)
  }
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    /** The cursors with which streams were opened, in order. */
    asked,
    publish,
    cut: () => {
      for (const response of open.keys()) response.destroy()
    },
    get streams() {
      return open.size
    },
  }
}
