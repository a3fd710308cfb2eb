import type { Test } from 'tap'
import type { FastPath } from '../../src/node-internals/fast-path.js'

/** Runs a test both ways: as this Node allows, which must be the fast path, and by documented means. */
export function onBothWays(t: Test, path: FastPath, title: string, run: (t: Test, isFast: boolean) => Promise<void>) {
  t.test(`${title}, by ${path.name}`, async t => {
    t.ok(path.isInUse, `${path.name} is lost on Node ${process.version}: see its file in src/node-internals`)
    await run(t, true)
  })
  t.test(`${title}, by documented means`, async t => {
    t.teardown(path.leave())
    await run(t, false)
  })
}
