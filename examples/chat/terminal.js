// @ts-check
import { createInterface } from 'node:readline'
import WebSocket from 'ws'

const { GATEWAY_URL = 'http://127.0.0.1:8080' } = process.env
const [name = 'somebody', url = GATEWAY_URL] = process.argv.slice(2)
let socket = connect()
socket.once('open', readLines)

function connect() {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/channels/room/ws`)
  socket.on('open', () => console.log(`— ${name} is in the room —`))
  // A text frame is a message. A binary one comes from the gateway itself.
  socket.on('message', (data, isBinary) => console.log(isBinary ? describeControl(`${data}`) : describeLine(`${data}`)))
  socket.on('error', ({ message }) => console.log(`— ${message} —`))
  socket.on('close', () => {
    console.log('— not connected —')
    setTimeout(reconnect, 500 + Math.random() * 1000).unref() // the terminal keeps us alive, while it is open
  })
  return socket
}

function reconnect() {
  socket = connect()
}

function readLines() {
  const lines = createInterface(process.stdin)
  lines.on('line', text => {
    if (process.stdout.isTTY) process.stdout.write('\x1b[A\x1b[2K') // it comes back in its place among everybody's
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ name, text }))
    else console.log(`— not sent: ${text} —`)
  })
  lines.on('close', () => socket.close())
}

/** @param {string} data */
function describeLine(data) {
  try {
    const { name, text } = JSON.parse(data)
    if (name && text) return `${name}: ${text}`
  } catch {} // not from one of us: redis-cli PUBLISH room hello
  return data
}

/** @param {string} data */
function describeControl(data) {
  const { event } = JSON.parse(data)
  return event === 'gap' ? '— some lines may be missing here —' : '— that line was not sent —'
}
