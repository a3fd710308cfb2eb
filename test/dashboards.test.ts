import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { packageFile } from '../src/support/package.js'
import { METRICS } from '../src/telemetry/metrics.js'
import { openSse } from './support/clients.js'
import { build } from './support/gateway.js'
import { startRedis } from './support/redis.js'
import { until } from './support/until.js'

const read = (path: string) => readFile(packageFile(path), 'utf8')

interface Panel {
  id: number
  type: string
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { refId: string; expr: string }[]
}

const dashboard: { panels: Panel[] } = JSON.parse(await read('deploy/grafana/carillon.json'))
const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
const rules: { alert: string; expr: string; annotations: Record<string, string> }[] = parse(
  await read('deploy/prometheus/alerts.yaml'),
).groups.flatMap((group: { rules: unknown[] }) => group.rules)

/** What a scrape of a gateway with Redis, a client and a publish looks like. */
async function exposition(t: Test): Promise<string> {
  const redis = await startRedis(t)
  const { url } = await build(t, { redisUrl: redis.url })
  await openSse(t, `${url}/channels/news/events`)
  await fetch(`${url}/channels/news`, { method: 'POST', body: 'x' })
  const text = async () => (await fetch(`${url}/metrics`)).text()
  await until(async () => /^carillon_redis_round_trip_seconds_count [1-9]/m.test(await text()), 'Redis was probed')
  return text()
}

/** Names of metrics in an expression of PromQL. */
const metricsIn = (expr: string): string[] => expr.match(/\b(?:carillon|nodejs|process)_\w+/g) ?? []

/** A histogram is several series. */
const familyOf = (name: string): string => name.replace(/_(?:bucket|count|sum)$/, '')

t.test('a gateway exports every metric of the dashboard and of the alerts', async t => {
  const text = await exposition(t)
  // By its head, as what counts garbage has no samples before the first.
  const told = new Set(Array.from(text.matchAll(/^# TYPE (\w+)/gm), ([, name]) => name))
  const names = [...expressions, ...rules.map(({ expr }) => expr)].flatMap(metricsIn)
  t.ok(names.length > 40)
  for (const name of new Set(names)) t.ok(told.has(name) || told.has(familyOf(name)), name)
})

t.test('the dashboard shows every metric of the gateway', async t => {
  const shown = new Set(expressions.flatMap(metricsIn).map(familyOf))
  for (const name of Object.keys(METRICS)) t.ok(shown.has(name), name)
})

t.test('the panels of the dashboard have their own ids and places', async t => {
  const { panels } = dashboard
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  for (const { title, type, gridPos, targets } of panels) {
    t.ok(gridPos.x + gridPos.w <= 24, title)
    t.equal(type === 'row', targets === undefined, title)
    const over = panels.filter(({ gridPos: { x, y, w, h } }) => {
      const { x: left, y: top, w: width, h: height } = gridPos
      return x < left + width && left < x + w && y < top + height && top < y + h
    })
    t.equal(over.length, 1, `${title} lies over no other`)
  }
})

t.test('every alert has a chapter that says what to do', async t => {
  const page = await read('docs/operate.md')
  for (const { alert, annotations } of rules) {
    t.match(page, `### ${alert}\n`)
    t.equal(annotations.runbook, `docs/operate.md#${alert.toLowerCase()}`)
  }
})

t.test('promtool has nothing against the rules, their tests and the metrics', async t => {
  const promtool = (...args: string[]) => promisify(execFile)('promtool', args)
  await promtool('check', 'rules', packageFile('deploy/prometheus/alerts.yaml'))
  await promtool('test', 'rules', packageFile('deploy/prometheus/alerts.test.yaml'))

  // Those of Node and the process are prom-client's, with names of their own.
  const blocks = (await exposition(t)).split('\n\n').filter(block => block.startsWith('# HELP carillon_'))
  t.ok(blocks.length >= 15)
  const file = join(t.testdir({}), 'metrics.txt')
  await writeFile(file, `${blocks.join('\n')}\n`)
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', 'promtool check metrics < "$0"', file])
  t.equal(stdout + stderr, '')
})
