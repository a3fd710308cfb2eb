// @ts-check
import { readFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { pipeline } from 'node:stream'

/**
 * Serves a page, and passes every other request on to the gateways in turn: one origin for both, and
 * a load balancer in forty lines. Resolves with its address when it listens.
 *
 * @param {URL} page the page's HTML file
 * @param {string[]} gateways their addresses
 * @param {number} port
 * @returns {Promise<string>}
 */
export async function serve(page, gateways, port = Number(process.env.PORT ?? 8080)) {
  /** @type {Record<string, { file: URL, type: string }>} */
  const files = {
    '/': { file: page, type: 'text/html; charset=utf-8' },
    '/style.css': { file: new URL('style.css', import.meta.url), type: 'text/css' },
  }

  let turn = 0
  /** @param {import('node:http').IncomingMessage} request */
  const nextGateway = ({ method, url }) => {
    const gateway = new URL(gateways[turn++ % gateways.length] ?? '')
    console.log(`${method} ${url} → ${gateway.host}`)
    return gateway
  }

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const found = files[pathname]
    if (found) return response.writeHead(200, { 'content-type': found.type }).end(await readFile(found.file))

    const { method, url, headers } = request
    const upstream = httpRequest(new URL(url ?? '/', nextGateway(request)), { method, headers })
    upstream.on('response', answer => {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.headers).flushHeaders()
      pipeline(answer, response, () => {})
    })
    // A gateway that is away looks like a broken network: an answer of 502 would end an EventSource for ever.
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  })

  server.on('upgrade', (request, socket, head) => {
    const { hostname, port } = nextGateway(request)
    const upstream = connect(Number(port), hostname)
    const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`)
    upstream.write(`GET ${request.url} HTTP/1.1\r\n${headers.join('')}\r\n`)
    upstream.write(head)
    pipeline(socket, upstream, socket, () => {})
  })

  await new Promise(resolve => server.listen(port, '127.0.0.1', () => resolve(undefined)))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : port}`
}
