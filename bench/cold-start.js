import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { freePort, node, profiling, SERVER_STOP, START } from './servers.js'

const REQUEST = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'

/** Milliseconds from the start of the gateway's process to its first 200, and those of a Node that runs an empty file. */
export async function coldStart(redisPort) {
  await keepCode(redisPort)
  const gateway = await timeGateway(redisPort)
  return { gateway, empty: await timeEmpty() }
}

async function timeGateway(redisPort) {
  const began = performance.now()
  const { child, port } = await startGateway(redisPort)
  try {
    while (!(await answers200(port))) {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`)
      await setTimeout(1)
    }
    return performance.now() - began
  } finally {
    child.kill(SERVER_STOP)
    await once(child, 'exit')
  }
}

/** The first start with another Node has V8's code compiled, and keeps it a little later for those that follow. */
let isKept = false
async function keepCode(redisPort) {
  if (isKept) return
  const { child } = await startGateway(redisPort)
  await setTimeout(4000)
  child.kill('SIGKILL')
  await once(child, 'exit')
  isKept = true
}

async function startGateway(redisPort) {
  const port = await freePort()
  const env = { ...process.env, PORT: `${port}`, HOST: '127.0.0.1', LOG_LEVEL: 'silent', NODE_ENV: 'production' }
  if (redisPort) env.REDIS_URL = `redis://127.0.0.1:${redisPort}`
  return { child: spawn(node, [...profiling('start', 200), ...START], { env, stdio: 'ignore' }), port }
}

async function timeEmpty() {
  const file = join(tmpdir(), `carillon-bench-empty-${process.pid}.mjs`)
  writeFileSync(file, '')
  const began = performance.now()
  await once(spawn(node, [file], { stdio: 'ignore' }), 'exit')
  const spent = performance.now() - began
  rmSync(file)
  return spent
}

function answers200(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write(REQUEST))
    socket.on('data', bytes => {
      resolve(bytes.latin1Slice(0, 12) === 'HTTP/1.1 200')
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
    socket.on('close', () => resolve(false))
  })
}
