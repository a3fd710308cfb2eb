// @ts-check
import { startGateways } from '../shared/gateways.js'
import { serve } from '../shared/serve.js'

const REDIS_URL = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'
console.log(`Starting three gateways on ${REDIS_URL}, as soon as it answers`)
const gateways = await startGateways(3, { REDIS_URL })
const url = await serve(new URL('index.html', import.meta.url), gateways)

console.log(`
  Page:      ${url}   (open it several times)
  Terminal:  node examples/chat/terminal.js Ada ${url}

Each connection goes to the next gateway:
`)
