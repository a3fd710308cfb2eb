import { once } from 'node:events'
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'
import { usage } from './servers.js'

/**
 * Publishes 200 bytes to Redis itself, `together` commands in one write, the next when all have their answers and the
 * sender has been busy for `pauseMs` milliseconds; the CPU of Redis for each, in microseconds.
 */
export async function publishBare(redis, { together, count, pauseMs = 0 }) {
  const message = 'x'.repeat(200)
  const command = `*3\r\n$7\r\nPUBLISH\r\n$5\r\nbench\r\n$${message.length}\r\n${message}\r\n`
  const bytes = Buffer.from(command.repeat(together))
  const socket = connect(redis.port, '127.0.0.1')
  await once(socket, 'connect')
  const before = usage(redis.pid).cpuMs
  let sent = 0
  for (; sent < count; sent += together) {
    socket.write(bytes)
    for (let answers = 0; answers < together; ) {
      const [chunk] = await once(socket, 'data')
      answers += chunk.toString('latin1').split('\n').length - 1
    }
    for (const until = performance.now() + pauseMs; performance.now() < until; );
  }
  const spent = usage(redis.pid).cpuMs - before
  socket.destroy()
  return (spent * 1000) / sent
}
