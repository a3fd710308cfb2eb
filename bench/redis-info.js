import { once } from 'node:events'
import { connect } from 'node:net'

/** How often Redis has read from a connection since its start, by its own count. */
export async function readsOf({ port }) {
  const socket = connect(port, '127.0.0.1')
  socket.write('INFO stats\r\n')
  let answer = ''
  while (!/\r\ntotal_writes_processed:/.test(answer)) answer += (await once(socket, 'data'))[0].toString('latin1')
  socket.destroy()
  return Number(/\r\ntotal_reads_processed:(\d+)/.exec(answer)[1])
}
