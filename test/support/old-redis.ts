import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/**
 * No Redis this old is at hand: what one answers while a gateway finds out about it. To the first
 * `busy` questions for its role it answers that it runs a script.
 */
export async function startOldRedis(
  t: Test,
  version: string,
  { busy = 0 }: { busy?: number } = {},
): Promise<{ port: number; stop(): Promise<void> }> {
  let refusals = busy
  const sockets = new Set<Socket>()
  const hasHello = !version.startsWith('5')
  const answer = ([name = '', ...args]: string[]): string => {
    switch (name.toUpperCase()) {
      case 'HELLO':
        if (!hasHello) return "-ERR unknown command 'HELLO', with args beginning with: '3'\r\n"
        return args[0] === '3' ? `%2\r\n${bulk('server')}${bulk('redis')}${bulk('proto')}:3\r\n` : '*0\r\n'
      case 'INFO':
        return bulk(`# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n`)
      case 'ROLE':
        if (refusals-- > 0) return '-BUSY Redis is busy running a script.\r\n'
        return `*3\r\n${bulk('master')}:0\r\n*0\r\n`
      case 'PING':
        return '+PONG\r\n'
      default:
        return '+OK\r\n'
    }
  }
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}) // a close follows
    socket.once('close', () => sockets.delete(socket))
    let rest = ''
    socket.on('data', chunk => {
      const { commands, remainder } = readCommands(rest + chunk.toString('latin1'))
      rest = remainder
      for (const command of commands) socket.write(answer(command))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number } // it listens on TCP
  const stop = async () => {
    if (!server.listening) return
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  }
  t.teardown(stop)
  return { port, stop }
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`

/** Whole commands, each `*n` and n bulk strings, and what is left of one that is not whole yet. */
function readCommands(text: string): { commands: string[][]; remainder: string } {
  const commands: string[][] = []
  let remainder = text
  for (;;) {
    const [head, count] = /^\*(\d+)\r\n/.exec(remainder) ?? []
    if (head === undefined) return { commands, remainder }
    const parts: string[] = []
    let at = head.length
    while (parts.length < Number(count)) {
      const [line, length] = /^\$(\d+)\r\n/.exec(remainder.slice(at)) ?? []
      if (line === undefined || remainder.length < at + line.length + Number(length) + 2) return { commands, remainder }
      parts.push(remainder.slice(at + line.length, at + line.length + Number(length)))
      at += line.length + Number(length) + 2
    }
    commands.push(parts)
    remainder = remainder.slice(at)
  }
}
