import type { Test } from 'tap'
import { RedisBroker, type RedisSettings } from '../../src/brokers/redis/broker.js'
import { build, untilReady } from './gateway.js'
import { fetchProblem } from './problems.js'
import { until } from './until.js'

/** A gateway in this process on a Redis that may be in trouble, and what it logs about that. */
export async function startOnUnavailableRedis(
  t: Test,
  settings: Omit<RedisSettings, 'timeout'> & { timeout?: number },
) {
  const warnings: { connection: string; words: string }[] = []
  const note = (details: object, words: string) => {
    const { connection = '' } = details as { connection?: string } // as `Connection` logs
    warnings.push({ connection: connection.replace(/:[^:]*$/, ''), words })
  }
  const log = { debug() {}, info() {}, warn: note, error: note }
  // The timeout is long, as a starved machine must not change what is wrong here.
  const broker = new RedisBroker({ timeout: 2000, ...settings }, log)
  const { url } = await build(t, { broker })
  const publish = () => fetch(`${url}/channels/news`, { method: 'POST', body: 'x' })

  /** It serves, says what is wrong in our words, sends nothing, and says it once for each of its connections. */
  const expectUnavailable = async (words: string | RegExp, { attempts }: { attempts?: () => Promise<number> } = {}) => {
    const matches = (text: string) => (typeof words === 'string' ? text === words : words.test(text))
    await until(async () => matches((await readiness(url)).detail ?? ''), `/readyz says ${words}`)
    await until(() => new Set(warnings.map(({ connection }) => connection)).size === 2, 'both connections have said it')
    if (attempts) await until(async () => (await attempts()) >= 8, 'it has tried to connect several times')
    const problem = await fetchProblem(t, await fetch(`${url}/readyz`), 'not-ready')
    t.ok(matches(problem.detail ?? ''), `${problem.detail} is ${words}`)
    t.notMatch(problem.detail, /ERR|WRONGPASS|NOAUTH|NOPERM|ECONN|SSL|127\.0\.0\.1|secret|gateway:/, 'words of our own')
    await fetchProblem(t, await publish(), 'broker-unavailable')
    t.equal((await fetch(`${url}/healthz`)).status, 200)
    const said = warnings.map(({ connection, words }) => `${connection}: ${words}`)
    t.same(
      said.sort(),
      ['publisher', 'subscriber'].map(role => `carillon:${role}: ${problem.detail}`),
      'the log says it once for each connection, and nothing else',
    )
  }

  /** What was wrong is not any more: it comes up by itself, and works. */
  const expectRecovery = async () => {
    await untilReady(url)
    await broker.subscribe({ kind: 'channel', name: 'news' })
    const response = await publish()
    t.equal(response.status, 200)
    t.match(await response.json(), { channel: 'news', receivers: 1 })
  }
  return { url, broker, warnings, publish, expectUnavailable, expectRecovery }
}

const readiness = async (url: string) => (await (await fetch(`${url}/readyz`)).json()) as { detail?: string } // a problem, or none
