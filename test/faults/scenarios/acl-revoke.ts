import { expectOneGapEach } from '../rig/expectations.js'
import { covers } from '../rig/patterns.js'
import type { Scenario } from '../rig/scenario.js'

/** The gateways lose the right to one channel, and get it back. */
export const aclRevoke: Scenario = {
  name: 'acl-revoke',
  fault: 'ACL revokes one channel',
  quick: true,
  options: {
    patterns: false,
    credentials: 'gw:secret',
    redisArgs: ['--user', 'gw', 'on', '>secret', '~*', '&*', '+@all'],
  },
  async run(rig) {
    const revoked = rig.chance.pick(rig.channels)
    const concerned = rig.listeners.filter(({ topics }) => topics.some(topic => covers(topic, revoked)))
    const others = rig.listeners.filter(listener => !concerned.includes(listener))
    // Redis cuts the connections that listen on it, and leaves the others alone.
    const cut = rig.gateways.filter(({ name }) => concerned.some(({ session }) => session?.gateway === name))
    const fault = await rig.fault(async () => {
      const rules = rig.channels.filter(channel => channel !== revoked).map(channel => `&${channel}`)
      await rig.redis.cli('ACL', 'SETUSER', 'gw', 'resetchannels', '&carillon:*', ...rules)
      const since = Date.now()
      const refused = await rig.signal.until(() => {
        const refusals = rig.load.publications.filter(({ outcome }) => outcome === 403)
        // With a history a publisher asks any gateway.
        if (rig.options.history) return refusals.length >= rig.gateways.length
        return rig.gateways.every(({ name }) => refusals.some(({ via }) => via === name))
      }, 10_000)
      rig.expect(refused, 'not every gateway answered 403 to a publish on the revoked channel')
      const deaf = await rig.heard(since, 10_000, others)
      rig.expect(deaf.length === 0, `on other channels deaf: ${deaf.slice(0, 5).join(', ')}`)
      for (const { name, form, session, errors } of concerned.filter(({ topics }) => topics.length > 1)) {
        const goesOn = form === 'session' ? (session?.openedAt ?? since) < since : errors.length > 0
        rig.expect(goesOn, `${name} (${form}), which has other channels too, lost its stream`)
      }
      await rig.redis.cli('ACL', 'SETUSER', 'gw', 'allchannels')
    })
    // A refusal is for good: whoever has the right again opens a stream again.
    await rig.recover(fault)
    expectOneGapEach(rig, fault, { gateways: cut, listeners: others })
    const strange = rig.load.publications.filter(
      ({ channel, outcome, via }) => via !== 'native' && channel !== revoked && outcome === 403,
    )
    rig.expect(strange.length === 0, `${strange.length} publishes on other channels were refused`)
    for (const { refusals } of concerned) {
      const strangeRefusals = refusals.filter(({ status }) => status !== 403)
      refusals.splice(0, refusals.length, ...strangeRefusals)
    }
  },
}
