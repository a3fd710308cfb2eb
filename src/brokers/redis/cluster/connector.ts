import { connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { AbstractConnector } from 'ioredis'
import type { Node } from '../connection/address.js'

/** An ioredis connector that asks for the node at each attempt. */
export function connectorTo(
  next: () => Node,
  timeout: number,
  tls: ConnectionOptions | undefined,
): new () => AbstractConnector {
  return class extends AbstractConnector {
    constructor() {
      super(timeout)
    }

    override async connect() {
      const { host, port } = next()
      this.connecting = true
      this.stream = tls ? connectTls({ host, port, servername: host, ...tls }) : connectTcp({ host, port })
      this.stream.once('error', error => {
        this.firstError = error
      })
      return this.stream
    }
  }
}
