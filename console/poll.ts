/**
 * Asks again and again, politely: only while the page is seen, never twice at once, and less often
 * when the answers are slow or do not come.
 */
export function poll(ask: () => Promise<boolean>, seconds: number): { now(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined
  let asking = false
  let failures = 0

  async function run(): Promise<void> {
    clearTimeout(timer)
    if (asking || document.hidden) return
    asking = true
    const started = performance.now()
    const well = await ask()
    asking = false
    failures = well ? 0 : failures + 1
    const took = (performance.now() - started) / 1000
    const wait = Math.min(60, Math.max(seconds * 2 ** failures, took * 10))
    timer = setTimeout(run, wait * 1000)
  }

  document.addEventListener('visibilitychange', run)
  run()
  return { now: run }
}
