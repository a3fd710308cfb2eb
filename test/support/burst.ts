import type { Browser, CDPSession } from 'playwright-core'
import type { Test } from 'tap'
import { openConsole } from './console-page.js'
import { until } from './until.js'

/** What the page has, after the garbage is gone. */
export interface Held {
  readonly heap: number
  readonly nodes: number
  readonly rows: number
  readonly listeners: number
  readonly timers: number
}

/** Milliseconds each, in the order in which they came. */
export interface Pace {
  readonly frames: number[]
  readonly longTasks: number[]
}

/** Nothing tells how many timers wait, so that they are counted where they are made. */
const COUNT_TIMERS = `(() => {
  const timers = (window.waitingTimers = new Set())
  const { setTimeout: later, setInterval: again, clearTimeout: forget } = window
  window.setTimeout = (call, ms, ...rest) => {
    const id = later(() => {
      timers.delete(id)
      call(...rest)
    }, ms)
    timers.add(id)
    return id
  }
  window.setInterval = (call, ms, ...rest) => {
    const id = again(call, ms, ...rest)
    timers.add(id)
    return id
  }
  window.clearTimeout = window.clearInterval = id => {
    timers.delete(id)
    forget(id)
  }
})()`

const WATCH_PACE = `(() => {
  const pace = (window.pace = { frames: [], longTasks: [] })
  new PerformanceObserver(list => pace.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' })
  let before
  const frame = now => {
    if (before !== undefined) pace.frames.push(now - before)
    before = now
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
})()`

/** A console that listens to `burst:*`, and whoever publishes there. */
export async function openBurst(t: Test, browser: Browser, url: string) {
  const { page, complaints, listen } = await openConsole(t, browser, '')
  await page.addInitScript(COUNT_TIMERS)
  await page.goto(`${url}/console`)
  const debug = await page.context().newCDPSession(page)
  await debug.send('Performance.enable')
  await listen('burst:*')
  let sent = 0

  /** So many at once, as a batch. */
  const publish = async (count: number) => {
    const messages = Array.from({ length: count }, () => ({
      channel: `burst:${sent % 7}`,
      event: sent % 3 ? 'tick' : 'tock',
      data: JSON.stringify({ number: ++sent, text: 'x'.repeat(180) }),
    }))
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/publish`, { method: 'POST', headers, body: JSON.stringify({ messages }) })
    await answer.arrayBuffer()
  }

  return {
    page,
    complaints,
    publish,
    sent: () => sent,
    /** 200 messages a second, ten at a time; as fast as it can where that is slower. */
    burst: async (seconds: number) => {
      const started = Date.now()
      for (let i = 0; i < seconds * 20; i++) {
        await publish(10)
        const ahead = started + (i + 1) * 50 - Date.now()
        if (ahead > 0) await new Promise(resolve => setTimeout(resolve, ahead))
      }
    },
    /** Resolves when the last message stands in the list, and all of them were counted. */
    shown: async () => {
      await page.locator('#tail-log li', { hasText: `"number":${sent},` }).waitFor()
      const total = page.locator('#rate-total') // asked from outside, as the page's policy forbids `eval`
      await until(async () => (await total.textContent()) === sent.toLocaleString('en'), 'it counts every message')
    },
    watchPace: () => page.evaluate(WATCH_PACE),
    pace: () => page.evaluate('pace') as Promise<Pace>, // made by WATCH_PACE
    held: async (): Promise<Held> => {
      const timers = (await page.evaluate('waitingTimers.size')) as number // made by COUNT_TIMERS
      return { timers, rows: await page.locator('#tail-log li').count(), ...(await afterGarbage(debug)) }
    },
  }
}

async function afterGarbage(debug: CDPSession) {
  await debug.send('HeapProfiler.collectGarbage')
  await debug.send('HeapProfiler.collectGarbage')
  const { metrics } = await debug.send('Performance.getMetrics')
  const of = (name: string) => metrics.find(metric => metric.name === name)?.value ?? Number.NaN
  return { heap: of('JSHeapUsedSize'), nodes: of('Nodes'), listeners: of('JSEventListeners') }
}
