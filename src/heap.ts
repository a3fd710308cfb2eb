import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's heap close to what is alive, from now on. A stream that opens leaves garbage behind. Thousands of them make V8 grow
 * its young generation to 32 MB, and dead requests grow old with it: shared out over 5,000 idle streams this was more
 * than the streams. So the young generation does not grow any more from a size on that is enough to publish fast, the
 * old one is collected when it has grown by two fifths and not when it has grown fourfold, and once more after a
 * second of quiet.
 *
 * The flags are V8's own, the same in Node 20 to 24. A V8 that does not know one says so and goes on.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=40')
  setFlagsFromString('--gc-memory-reducer-start-delay-ms=1000')
  // Its limit cannot be set any more, as the heap is there. V8 also makes it smaller, so this goes on.
  let grows = true
  new PerformanceObserver(() => {
    if (grows === youngBytes() < ENOUGH_BYTES) return
    grows = !grows
    setFlagsFromString(`--semi-space-growth-factor=${grows ? 2 : 1}`)
  }).observe({ entryTypes: ['gc'] })
}

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0

/** Below that it doubles when it grows. With a megabyte a publish cost a sixth more CPU; see docs/performance.md. */
const ENOUGH_BYTES = 8 * 1024 * 1024
