import type { Scenario } from '../rig/scenario.js'

/** What Redis keeps of a channel goes away: evicted, or deleted by hand. */
export const historyDeleted: Scenario = {
  name: 'history-deleted',
  fault: 'the stream or its metadata deleted',
  withHistory: { keeps: false },
  async run(rig) {
    const victims = [
      (channel: string) => [`carillon:history:{${channel}}`],
      (channel: string) => [`carillon:position:{${channel}}`],
      (channel: string) => [`carillon:history:{${channel}}`, `carillon:position:{${channel}}`],
    ]
    const deleted = new Set<string>()
    const fault = await rig.fault(async () => {
      for (const victim of victims) {
        const channel = rig.chance.pick(rig.channels.filter(name => !deleted.has(name)))
        deleted.add(channel)
        // Whoever is away meanwhile comes back to another history.
        for (const listener of rig.listeners.filter(({ topics }) => topics.some(({ name }) => name === channel)))
          if (rig.chance.happens(0.5)) listener.leave()
        await rig.redis.cli('DEL', ...victim(channel))
      }
    })
    await rig.recover(fault)
    const strange = rig.listeners
      .flatMap(({ sessions }) => sessions.flatMap(({ gaps }) => gaps))
      .filter(({ at, name }) => at >= fault.startedAt && !deleted.has(name))
    rig.expect(strange.length === 0, `${strange.length} gaps on channels whose history is whole`)
  },
}
