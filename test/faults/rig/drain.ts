import type { Gateway } from './gateway.js'
import type { Rig } from './rig.js'

/** Short times for the settings of a shutdown, so that a run is short. */
export const DRAIN = { DRAIN_DELAY_SECONDS: '1', DRAIN_SECONDS: '5' }
const BUDGET_MS = 5000

/** SIGTERM, and what it must do: streams end with a goodbye, every POST has its answer, and the exit code is 0. */
export async function drainGateway(rig: Rig, gateway: Gateway): Promise<void> {
  const streams = rig.listeners.flatMap(({ form, session }) =>
    session?.gateway === gateway.name ? [{ form, session }] : [],
  )
  const started = Date.now()
  const code = await gateway.stop('SIGTERM')
  const took = Date.now() - started
  rig.note(`${gateway.name} ended ${took} ms after SIGTERM with ${streams.length} streams`)
  rig.expect(code === 0, `${gateway.name} ended with ${code}`)
  // A second for the process to be gone, and for a machine that has other work.
  rig.expect(took <= BUDGET_MS + 1000, `${gateway.name} took ${took} ms to end`)
  await rig.signal.until(() => streams.every(({ session }) => session.endedAt !== undefined), 5000)
  for (const { form, session } of streams) {
    const webSocket = form === 'ws' || form === 'session'
    const goodbye = session.ending === 'clean' && (!webSocket || session.code === 1012)
    rig.expect(goodbye, `a stream (${form}) of ${gateway.name} ended ${session.ending} with ${session.code}`)
  }
  const cut = rig.load.publications.filter(
    ({ via, outcome, sentAt }) => via === gateway.name && outcome === 'cut' && sentAt >= started,
  )
  rig.expect(cut.length === 0, `${cut.length} publishes to ${gateway.name} had no answer, neither taken nor refused`)
}
