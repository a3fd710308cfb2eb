import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import WebSocket from 'ws'
import { createApiKey } from '../../src/access/api-keys.js'
import { openSse } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { exchange, requestText } from '../support/raw-http.js'
import { startRedis } from '../support/redis.js'
import { bearer, secret, sign } from '../support/tokens.js'
import { until } from '../support/until.js'

t.test('keys, tokens, tickets and secrets never come into a log, whatever is done with them', async t => {
  const redis = await startRedis(t, { args: ['--requirepass', 'redis-password'] })
  const { key, entry } = createApiKey('backend', { admin: ['*'] })
  const file = join(t.testdir(), 'keys.json')
  await writeFile(file, JSON.stringify([entry]))
  const gateway = await startGateway(t, {
    LOG_LEVEL: 'trace',
    REDIS_URL: redis.url.replace('redis://', 'redis://:redis-password@'),
    API_KEYS_FILE: file,
    JWT_SECRET: secret,
    JWT_COOKIE: 'token',
  })
  const { url, port } = gateway
  const token = await sign({ claims: { carillon: { subscribe: ['news'] } } })
  const wrong = `${token.slice(0, -8)}AAAAAAAA`
  const strange = createApiKey('strange', {}).key
  const answer = await fetch(`${url}/tickets`, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    body: '{"channels":["news"]}',
  })
  const { ticket } = (await answer.json()) as { ticket: string }
  const stream = await openSse(t, `${url}/channels/news/events?ticket=${ticket}`)
  const pass = /=([\w-]{32});/.exec(stream.response.headers.get('set-cookie') ?? '')?.[1] ?? 'none'
  t.not(pass, 'none')

  const secrets = { key, token, wrong, strange, ticket, pass, secret }
  for (const value of Object.values(secrets)) {
    const encoded = encodeURIComponent(value)
    await fetch(`${url}/channels/news`, { method: 'POST', body: 'x', headers: { cookie: `token=${encoded}` } })
    await fetch(`${url}/channels/news`, { method: 'POST', body: 'x', headers: { authorization: `Basic ${encoded}` } })
    for (const path of ['channels/news/events', 'nowhere', 'ws'])
      for (const name of ['access_token', 'ticket'])
        await (await fetch(`${url}/${path}?${name}=${encoded}`)).body?.cancel()
    if (/^[\w.-]+$/.test(value)) {
      await (await fetch(`${url}/channels/news/events?limit=1&timeout=0.1`, { headers: bearer(value) })).text()
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ['carillon', `carillon.bearer.${value}`])
      // It is let in, and ends over a frame that is no request; or it is refused.
      socket.on('open', () => socket.send(value))
      socket.on('error', () => {})
      await new Promise(resolve => socket.on('close', resolve))
    }
    await exchange(t, port, requestText('GET', `/%zz?ticket=${encoded}`))
    await exchange(
      t,
      port,
      requestText('GET', `/channels/news/events?ticket=${encoded}`, { headers: { authorization: 'x' } }),
    )
    await exchange(t, port, `GET /channels?access_token=${encoded} HTTP/9.9\r\n\r\n`)
  }
  await writeFile(file, `[${JSON.stringify(key)}]`)
  gateway.process.kill('SIGHUP')
  await until(() => gateway.output().includes('cannot be used'), 'it has looked at the file')
  await gateway.stop('SIGTERM')

  const log = gateway.output()
  t.match(log, 'request failed', 'refusals are logged')
  t.match(log, 'cannot be used', 'and that the file cannot be used')
  for (const [name, value] of Object.entries({ ...secrets, redis: 'redis-password' })) {
    t.notOk(log.includes(value) || log.includes(encodeURIComponent(value)), name)
  }
  t.notOk(log.includes(ticket.split('.')[1] ?? ''), 'nor the secret part of a ticket')
})

t.test('a setting that is wrong is not printed when it is a secret', async t => {
  for (const environment of [
    { JWT_SECRET: 'too-short-secret' },
    { API_KEYS: '["carillon_secret"]' },
    { API_KEYS: '{"secret"' },
  ] as Record<string, string>[]) {
    const failed = await startGateway(t, environment).then(
      () => 'it started',
      (error: Error) => error.message,
    )
    t.match(failed, /ended with 1:\n+Carillon cannot start, a setting is wrong:/)
    t.notMatch(failed, /too-short-secret|carillon_secret|"secret"/)
  }
})
