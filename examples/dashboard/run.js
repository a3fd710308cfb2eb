// @ts-check
import { findGateways } from '../shared/gateways.js'
import { serve } from '../shared/serve.js'

const gateways = await findGateways()
const url = await serve(new URL('index.html', import.meta.url), gateways)

console.log(`
  Page:       ${url}
  Publisher:  GATEWAY_URL=${url} node examples/dashboard/publish.js
  By hand:    curl -d '21.5 °C' ${url}/channels/metrics:room
`)
