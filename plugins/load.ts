import fp from 'fastify-plugin'
import type { Config } from '../src/config/config.js'
import type { Limits } from '../src/limits/limits.js'

/** Measures the load of the process for `limits`, which decide what to refuse; health checks are always answered. */
export const load = fp<{ limits: Limits; config: Config }>(
  async (app, { limits, config: { MAX_EVENT_LOOP_DELAY_MS, MAX_MEMORY_MB } }) => {
    if (MAX_EVENT_LOOP_DELAY_MS === 0 && MAX_MEMORY_MB === 0) return
    const { default: underPressure } = await import('@fastify/under-pressure') // not loaded where nothing is measured
    // An app that measures its own load decides for itself.
    if (!app.hasDecorator('isUnderPressure'))
      await app.register(underPressure, {
        maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
        maxRssBytes: MAX_MEMORY_MB * 1024 * 1024,
        // Only some requests are refused: those that cost no work, or that others wait for, go on.
        pressureHandler: () => {},
      })
    limits.isOverloaded = () => app.isUnderPressure()
  },
  { name: 'carillon-load' },
)
