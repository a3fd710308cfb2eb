// @ts-check
import { findGateways } from '../shared/gateways.js'
import { serve } from '../shared/serve.js'

const gateways = await findGateways()
const url = await serve(new URL('index.html', import.meta.url), gateways)

console.log(`
  Page:     ${url}
  Backend:  GATEWAY_URL=${url} node examples/notifications/alert.js warning "Disk nearly full" "db-1 has 4 GB left"
`)
