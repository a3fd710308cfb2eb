import { connect } from 'node:net'

/*
 * A process of its own, so that its work is nobody else's: subscribes so many bare connections to a
 * channel of Redis and takes what comes. `node listeners.js PORT COUNT CHANNEL`; says "ready" when
 * all are acknowledged, then the bytes that have come, whenever it is sent a line.
 */
const [port, count, channel] = process.argv.slice(2)
let bytes = 0
const subscribe = () =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(`SUBSCRIBE ${channel}\r\n`))
    socket.once('data', resolve)
    socket.on('data', chunk => {
      bytes += chunk.length
    })
    socket.on('error', reject)
  })
for (let i = 0; i < Number(count); i++) await subscribe()
console.log('ready')
process.stdin.on('data', () => console.log(bytes))
process.stdin.on('end', () => process.exit())
