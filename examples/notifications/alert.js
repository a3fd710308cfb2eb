// @ts-check
// A backend. No library, no connection that stays: one request for each alert.
const GATEWAY_URL = process.env.GATEWAY_URL ?? 'http://127.0.0.1:8080'
const [type = 'info', title = 'Version 2.4.0 is live', text = ''] = process.argv.slice(2)

const response = await fetch(`${GATEWAY_URL}/channels/alerts?event=${encodeURIComponent(type)}`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ title, text }),
})
console.log(await response.text())
if (!response.ok) process.exitCode = 1
