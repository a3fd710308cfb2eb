import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { parse } from 'yaml'
import { createApiKey } from '../../src/access/api-keys.js'
import { readRules } from '../../src/access/rules.js'
import { packageFile } from '../../src/support/package.js'
import { openSse } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { freePort } from '../support/ports.js'
import { replace, startProxy } from '../support/proxy.js'
import { startRedis } from '../support/redis.js'
import { until } from '../support/until.js'

const read = (name: string): string => readFileSync(packageFile(`deploy/compose/${name}`), 'utf8')
const { services } = parse(read('compose.yaml'))
const names: string[] = Object.keys(services).filter(name => name.startsWith('gateway'))

/** As Docker runs it: a variable is an argument, and `$$` a dollar sign. */
const run = (command: string[], environment: Record<string, string> = {}) => {
  const [, program = '', ...args] = command.map(text => text.replaceAll('$$', '$'))
  return promisify(execFile)(program, args, { env: { PATH: process.env.PATH, ...environment } })
}

t.test('the processes of the Compose file, started as it says, carry messages and survive a stop', async t => {
  const [redisServer, ...args] = services.redis.command
  t.equal(redisServer, 'redis-server')
  const redis = await startRedis(t, { args })
  t.equal(await redis.cli('CONFIG', 'GET', 'maxmemory-policy'), 'maxmemory-policy\nnoeviction')

  const { key, entry } = createApiKey('test', readRules({ publish: ['*'], subscribe: ['*'], inspect: ['*'] }))
  const gateways = await Promise.all(
    names.map(async name => {
      const port = `${await freePort()}`
      const own = { PORT: port, REDIS_URL: redis.url, API_KEYS: JSON.stringify([entry]) }
      return startGateway(t, { ...services[name].environment, ...own, LOG_LEVEL: 'warn' })
    }),
  )
  for (const [i, { port }] of gateways.entries()) {
    const healthy = run(services[names[i] ?? ''].healthcheck.test, { PORT: `${port}` })
    await t.resolves(healthy, `${names[i]} is healthy by its own check`)
  }
  await t.rejects(run(services['gateway-1'].healthcheck.test, { PORT: `${await freePort()}` }), 'and nobody is not')

  const { url } = await startProxy(t, {
    name: 'haproxy',
    prepare: async (folder, port) => {
      const file = join(folder, 'haproxy.cfg')
      let text = replace(read('haproxy.cfg'), 'bind :8080', `bind 127.0.0.1:${port}`)
      for (const [i, gateway] of gateways.entries())
        text = replace(text, ` ${names[i]}:3000`, ` 127.0.0.1:${gateway.port}`)
      await writeFile(file, text)
      await run(['CMD', 'haproxy', '-c', '-f', file], { PATH: `${process.env.PATH}:/usr/sbin` })
      return ['-db', '-f', file]
    },
  })
  const headers = { authorization: `Bearer ${key}` }
  const publish = (body: string, at = url) => fetch(`${at}/channels/news`, { method: 'POST', body, headers })
  t.equal((await fetch(`${url}/readyz?exclude=redis`)).status, 200, 'what the check of the balancer asks')
  t.equal((await fetch(`${url}/channels/news`, { method: 'POST', body: 'x' })).status, 401, 'strangers stay out')

  const streams = await Promise.all(names.map(() => openSse(t, `${url}/channels/news/events`, headers)))
  const urls = gateways.map(gateway => gateway.url)
  const countStreams = async (at: string): Promise<number> => {
    const text = await (await fetch(`${at}/metrics`, { headers })).text()
    return Array.from(text.matchAll(/^carillon_streams\{[^}]*\} (\d+)/gm)).reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    )
  }
  t.same(await Promise.all(urls.map(countStreams)), [1, 1, 1], 'the balancer gives each gateway a stream')
  for (const [i, at] of urls.entries()) {
    t.match(await (await publish(`from ${i}`, at)).json(), { receivers: 3 })
    for (const stream of streams) t.equal((await stream.next()).data, `from ${i}`)
  }
  t.match(await (await publish('through the balancer')).json(), { receivers: 3 })
  for (const stream of streams) t.equal((await stream.next()).data, 'through the balancer')

  const stopping = gateways[0]?.stop('SIGTERM')
  const ended = await Promise.race(streams.map(stream => stream.untilEnd().then(() => stream)))
  t.match(ended.text(), /retry: \d+\n$/, 'the last that it says is when to come back')
  t.equal(await stopping, 0)
  const again = await openSse(t, `${url}/channels/news/events`, headers)
  t.match(await (await publish('after the stop')).json(), { receivers: 2 })
  for (const stream of [...streams.filter(stream => stream !== ended), again])
    t.equal((await stream.next()).data, 'after the stop', 'nobody else has noticed')

  for (const gateway of gateways.slice(1)) await gateway.stop()
  await until(async () => {
    const answer = await fetch(`${url}/channels/news/events`, { headers: { ...headers, accept: 'text/event-stream' } })
    return answer.status === 200 && (await answer.text()) === 'retry: 3000\n\n'
  }, 'with no gateway the balancer says when to come back')
})
