// @ts-check
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url))

/** The gateway at `GATEWAY_URL`, or one of our own. */
export async function findGateways() {
  return process.env.GATEWAY_URL ? [process.env.GATEWAY_URL] : await startGateways(1)
}

/**
 * Starts gateways on free ports; they end with this process. Resolves with their addresses when all are ready.
 *
 * @param {number} count
 * @param {Record<string, string>} environment
 * @returns {Promise<string[]>}
 */
export function startGateways(count, environment = {}) {
  process.once('SIGINT', () => process.exit())
  process.once('SIGTERM', () => process.exit())
  return Promise.all(Array.from({ length: count }, () => startGateway(environment)))
}

/**
 * @param {Record<string, string>} environment
 * @returns {Promise<string>}
 */
async function startGateway(environment) {
  const gateway = spawn(process.execPath, [program], {
    env: { ...process.env, LOG_LEVEL: 'error', ...environment, PORT: '0' },
    stdio: ['ignore', 'inherit', 'pipe'],
    detached: true, // Ctrl-C is for this process, which tells them
  })
  process.once('exit', () => gateway.kill())
  gateway.once('exit', code => {
    console.error(`A gateway ended with ${code}. Is it built? npm run build`)
    process.exit(1)
  })

  /** @type {string} */
  const url = await new Promise(resolve => {
    createInterface(gateway.stderr).on('line', line => {
      const [, address] = /listens on (\S+)/.exec(line) ?? []
      if (address) resolve(address)
      else if (/error|cannot/i.test(line)) console.error(line)
    })
  })
  while (!(await fetch(`${url}/readyz`)).ok) await setTimeout(100)
  return url
}
