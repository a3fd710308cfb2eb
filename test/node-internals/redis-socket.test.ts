import { Socket } from 'node:net'
import { Redis } from 'ioredis'
import t from 'tap'
import { redisSocket, socketOf } from '../../src/node-internals/redis-socket.js'
import { onBothWays } from '../support/fast-paths.js'
import { build } from '../support/gateway.js'
import { startRedis } from '../support/redis.js'

onBothWays(t, redisSocket, 'the socket of a client, as Redis sees it', async (t, isFast) => {
  const server = await startRedis(t)
  const redis = new Redis({ port: server.port, lazyConnect: true })
  t.teardown(() => redis.disconnect())
  t.equal(socketOf(redis), undefined)
  await redis.connect()
  const socket = socketOf(redis)
  if (isFast) t.match(await redis.client('INFO'), `addr=127.0.0.1:${socket instanceof Socket && socket.localPort} `)
  else t.equal(socket, undefined)
})

onBothWays(t, redisSocket, 'a gateway that loses its Redis goes on', async t => {
  const server = await startRedis(t)
  const { url } = await build(t, { redisUrl: server.url })
  const publish = async () => (await fetch(`${url}/channels/news`, { method: 'POST', body: 'x' })).status
  t.equal(await publish(), 200)
  await server.stop()
  t.match(String(await publish()), /^50[34]$/)
})
