import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Flags of V8's own, the same in Node 20 to 26; a V8 that does not know one says so and goes on. */
const SMALL = '--heap-growing-percent=40'
const AS_STARTED = '--heap-growing-percent=0'
const YOUNG_GROWS = '--semi-space-growth-factor=2'
const YOUNG_STAYS = '--semi-space-growth-factor=1'

/**
 * Keeps V8's heap close to what is alive, from now on. A stream that opens leaves garbage behind. Thousands of them make V8
 * grow its young generation to 32 MB, and dead requests grow old with it: shared out over 5,000 idle streams this was more
 * than the streams. So the young generation does not grow any more from a size on that is enough to publish fast, the
 * old one is collected when it has grown by two fifths and not when it has grown fourfold. A start is over sooner without that.
 * What is still left over V8 gives back by itself, when little has happened for some time.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(SMALL)
  // Its limit cannot be set any more, as the heap is there. V8 also makes it smaller, so this goes on.
  new PerformanceObserver(() => setFlagsFromString(youngBytes() < ENOUGH_BYTES ? YOUNG_GROWS : YOUNG_STAYS)).observe({
    entryTypes: ['gc'],
  })
}

/**
 * V8 takes compiled code only where all flags are as they were when it was written: it is written under those that a start
 * has, whatever became of them since.
 */
export function underFlagsOfStart<Result>(make: () => Result): Result {
  for (const flag of [AS_STARTED, YOUNG_GROWS]) setFlagsFromString(flag)
  try {
    return make()
  } finally {
    setFlagsFromString(SMALL) // the young generation is set at its next collection
  }
}

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0

/** Below that it doubles when it grows. With a megabyte a publish cost a sixth more CPU; see docs/performance.md. */
const ENOUGH_BYTES = 8 * 1024 * 1024
