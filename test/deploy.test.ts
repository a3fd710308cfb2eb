import t from 'tap'
import { openSse, openWebSocket } from './support/clients.js'
import { build } from './support/gateway.js'
import { documented, replace } from './support/proxy.js'
import { startRedis } from './support/redis.js'

t.test('the Redis user of the docs is allowed what the gateway does, and no more', async t => {
  const redis = await startRedis(t)
  const user = replace(documented('acl').trim(), '>secret', '>password')
  t.equal(await redis.cli('ACL', 'SETUSER', ...user.split(/\s+/).slice(1)), 'OK')
  const { url } = await build(t, { redisUrl: redis.url.replace('//', '//carillon:password@') })

  const stream = await openSse(t, `${url}/channels/news/events`)
  const pattern = await openSse(t, `${url}/events?pattern=chat:*`)
  const webSocket = await openWebSocket(t, `${url}/ws`)
  webSocket.send({ type: 'subscribe', channel: 'chat:1' })
  await webSocket.next()
  await fetch(`${url}/channels/news?event=price`, { method: 'POST', body: '42' })
  t.match(await stream.next(), { event: 'price', data: '42' })
  await fetch(`${url}/channels/chat:1?event=said`, { method: 'POST', body: 'hello' })
  t.same(JSON.parse((await pattern.next()).data), { channel: 'chat:1', event: 'said', data: 'hello' })
  t.match(JSON.parse((await webSocket.next()).data), { channel: 'chat:1', data: 'hello' })
  webSocket.send({ type: 'unsubscribe', channel: 'chat:1' })
  t.match(JSON.parse((await webSocket.next()).data), { type: 'unsubscribed' })
  const counts = await fetch(`${url}/channels/news/subscribers`)
  t.match(await counts.json(), { subscribers: 1, listeners: 1 })
  t.equal((await fetch(`${url}/channels?counts=true`)).status, 200)
  pattern.close()
  stream.close()
  t.equal(await redis.cli('ACL', 'LOG'), '', 'Redis refused nothing')

  const refused = await fetch(`${url}/channels/secret/events`)
  t.equal(refused.status, 403, 'a channel that the rule does not name')
  for (const command of ['GET a', 'SET a b', 'KEYS *', 'FLUSHALL', 'CONFIG GET *', 'CLIENT LIST', 'ACL LIST']) {
    t.match(await redis.cli('ACL', 'DRYRUN', 'carillon', ...command.split(' ')), /no permissions/, command)
  }
})

t.test('with history and keys it also needs what the docs add, and is refused nothing then', async t => {
  const redis = await startRedis(t)
  const user = replace(documented('acl').trim(), '>secret', '>password')
  const more = documented('acl-history').trim()
  t.equal(await redis.cli('ACL', 'SETUSER', ...`${user} ${more}`.split(/\s+/).slice(1)), 'OK')
  const redisUrl = redis.url.replace('//', '//carillon:password@')
  const { url } = await build(t, { redisUrl, config: { HISTORY: 'news=2', REDIS_TIMEOUT_MS: 10_000 } })
  const publish = (channel: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/channels/${channel}`, { method: 'POST', body: 'x', headers })
  for (const headers of [{}, { 'idempotency-key': 'a' }, { 'idempotency-key': 'a' }, {}, {}])
    t.match(await (await publish('news', headers)).json(), { id: String })
  t.match(await (await publish('chat:1', { 'idempotency-key': 'a' })).json(), { receivers: 0 })
  t.match(await (await fetch(`${url}/channels/news`)).json(), { history: { length: 2 } })
  t.equal((await fetch(`${url}/channels/news/history`, { method: 'DELETE' })).status, 204)
  t.match(await (await publish('news')).json(), { id: String })
  t.equal(await redis.cli('ACL', 'LOG'), '', 'Redis refused nothing')
  await redis.cli('ACL', 'SETUSER', 'carillon', 'resetchannels', '&carillon:*')
  await redis.cli('SCRIPT', 'FLUSH')
  t.equal((await publish('news')).status, 403)
  t.match(await (await fetch(`${url}/channels/news`)).json(), { history: { length: 1 } }, 'nothing is left of it')
})

t.test('for tickets it needs what the docs add for them, and is refused nothing then', async t => {
  const redis = await startRedis(t)
  const user = replace(documented('acl').trim(), '>secret', '>password')
  const more = documented('acl-tickets').trim()
  t.equal(await redis.cli('ACL', 'SETUSER', ...`${user} ${more}`.split(/\s+/).slice(1)), 'OK')
  const { url } = await build(t, { redisUrl: redis.url.replace('//', '//carillon:password@') })
  const answer = await fetch(`${url}/tickets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"channels":["news"]}',
  })
  t.equal(answer.status, 201)
  t.equal(await redis.cli('ACL', 'LOG'), '', 'Redis refused nothing')
  for (const command of ['SET carillon:vault:x y', 'GET carillon:vault:x', 'GETDEL carillon:vault:x'])
    t.equal(await redis.cli('ACL', 'DRYRUN', 'carillon', ...command.split(' ')), 'OK', command)
})
