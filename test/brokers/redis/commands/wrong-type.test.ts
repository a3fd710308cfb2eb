import t from 'tap'
import { parseHistoryRules } from '../../../../src/brokers/history-rules.js'
import { RedisBroker } from '../../../../src/brokers/redis/broker.js'
import { historyKey, positionKey } from '../../../../src/brokers/redis/commands/keys.js'
import { openNdjson } from '../../../support/clients.js'
import { build, untilReady } from '../../../support/gateway.js'
import { fetchProblem } from '../../../support/problems.js'
import { startRedis } from '../../../support/redis.js'
import { until } from '../../../support/until.js'

for (const [key, type] of [
  [positionKey('news'), 'hash'],
  [historyKey('news'), 'stream'],
] as const)
  t.test(`a key that should be a ${type} and is not is named in the log, and the answers are honest`, async t => {
    const redis = await startRedis(t)
    const told: string[] = []
    const note = (details: object, _words: string) => {
      told.push(...((details as { keys?: string[] }).keys ?? []))
    }
    const log = { debug() {}, info() {}, warn: note, error: note }
    const broker = new RedisBroker({ url: redis.url, timeout: 3000, history: parseHistoryRules('*') }, log)
    const { url } = await build(t, { broker })
    await untilReady(url)
    await redis.cli('SET', key, 'mine')
    const publish = (headers = {}) => fetch(`${url}/channels/news`, { method: 'POST', body: 'x', headers })
    for (const response of [
      await publish(),
      await publish({ 'idempotency-key': 'k' }),
      await fetch(`${url}/channels/news`),
      await fetch(`${url}/channels/news/messages`),
    ]) {
      const { detail } = await fetchProblem(t, response, 'wrong-key-type')
      t.notMatch(detail, /WRONGTYPE|script|Operation/, 'nothing of the words of Redis')
    }
    await until(() => told.length >= 4, 'the log has it each time')
    t.same([...new Set(told)], [`${key} is a string, not a ${type}`])

    const stream = await openNdjson(t, `${url}/channels/news/events`)
    await redis.cli('PUBLISH', 'news', 'native')
    t.match(await stream.next(), { data: 'native' }, 'streams are live all the same')
    t.equal((await fetch(`${url}/channels/news/history`, { method: 'DELETE' })).status, 204)
    t.match(await (await publish()).json(), { id: String }, 'and the remedy helps')
  })

t.test('a wrong key of an Idempotency-Key is named, too', async t => {
  const redis = await startRedis(t)
  const told: string[] = []
  const log = {
    ...{ debug() {}, info() {}, warn() {} },
    error: (details: object) => told.push(...((details as { keys?: string[] }).keys ?? [])),
  }
  const broker = new RedisBroker({ url: redis.url, timeout: 3000 }, log)
  const { url } = await build(t, { broker })
  await untilReady(url)
  const publish = () =>
    fetch(`${url}/channels/news`, { method: 'POST', body: 'x', headers: { 'idempotency-key': 'k' } })
  t.equal((await publish()).status, 200)
  const key = await redis.cli('KEYS', 'carillon:idempotency:*')
  await redis.cli('DEL', key)
  await redis.cli('LPUSH', key, 'mine')
  await fetchProblem(t, await publish(), 'wrong-key-type')
  await until(() => told.length > 0, 'the log has it')
  t.same(told, [`${key} is a list, not a string`])
})
