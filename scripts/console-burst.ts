import { cpus } from 'node:os'
import { openBrowser } from '../test/support/browser.js'
import { type Held, openBurst } from '../test/support/burst.js'
import { startGateway } from '../test/support/gateway.js'
import { startRedis } from '../test/support/redis.js'

/*
 * How smooth the console is under 200 messages a second, and whether it grows: a built gateway on a Redis, Chromium
 * without a window, by `npm run console:burst`. SECONDS=30. The figures in docs/console.md are its output.
 */
const seconds = Number(process.env.SECONDS ?? 30)
const ends: (() => unknown)[] = []
const scope = { teardown: (end: () => unknown) => void ends.push(end) } as Parameters<typeof openBurst>[0] // all that is asked of it

const redis = await startRedis(scope)
const { url } = await startGateway(scope, { REDIS_URL: redis.url, LOG_LEVEL: 'silent' })
const browser = await openBrowser(scope)
const { burst, publish, shown, held, watchPace, pace, sent } = await openBurst(scope, browser, url)

// Its list and its memory of messages are full before the clock starts.
for (let i = 0; i < 25; i++) await publish(100)
await shown()
const before = await held()
const already = sent()
await watchPace()
const started = performance.now()
await burst(seconds)
const took = (performance.now() - started) / 1000
const { frames, longTasks } = await pace()
await shown()
const after = await held()

const sorted = [...frames].sort((a, b) => a - b)
const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN)
const count = (text: keyof Held) => `${before[text]} before, ${after[text]} after`
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2)
console.log(`Chromium ${browser.version()} on ${cpus().length} cores
messages        ${sent() - already} in ${took.toFixed(1)} s, all shown
between frames  median ${at(0.5)} ms, 99 % within ${at(0.99)} ms, longest ${at(1)} ms (${frames.length} frames)
long tasks      ${longTasks.length} of more than 50 ms, the longest ${Math.round(Math.max(0, ...longTasks))} ms
heap            ${megabytes(before.heap)} MB before, ${megabytes(after.heap)} MB after
nodes           ${count('nodes')}
rows            ${count('rows')}
listeners       ${count('listeners')}
timers          ${count('timers')}`)

for (const end of ends.reverse()) await end()
