// @ts-check
import Fastify from 'fastify'
import { carillon, openGateway } from '../../dist/src/index.js' // in your app: from 'carillon'

/*
 * An app of one's own, with the gateway as a guest under /live: the app takes an order, and everybody who watches hears
 * of it. With REDIS_URL, so does everybody at every other copy of this app.
 */
const app = Fastify({ routerOptions: { maxParamLength: 128 } })

const gateway = await openGateway({ config: process.env.REDIS_URL ? { REDIS_URL: process.env.REDIS_URL } : {} })
await app.register(carillon, { prefix: '/live', gateway })

let orders = 0
app.post('/orders', async () => {
  const order = { number: ++orders }
  const { receivers } = await gateway.publish('orders', JSON.stringify(order), { event: 'placed' })
  return { ...order, receivers }
})

app.get('/', async (_request, reply) =>
  reply.type('text/html').send(`<!doctype html><meta charset="utf-8"><title>Orders</title>
<button onclick="fetch('/orders', { method: 'POST' })">Order</button><ul></ul>
<script>
  const orders = new EventSource('/live/channels/orders/events')
  orders.addEventListener('placed', ({ data }) => {
    document.querySelector('ul').append(Object.assign(document.createElement('li'), { textContent: data }))
  })
</script>`),
)

const url = await app.listen({ port: Number(process.env.PORT ?? 8080), host: '127.0.0.1' })
console.log(`Page: ${url}`)

// Streams are told to come back elsewhere, then the server closes.
process.once('SIGTERM', async () => {
  await gateway.drain()
  await app.close()
})
