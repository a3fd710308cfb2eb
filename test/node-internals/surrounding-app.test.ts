import Fastify from 'fastify'
import t from 'tap'
import { surrounding, surroundingApp } from '../../src/node-internals/surrounding-app.js'
import { onBothWays } from '../support/fast-paths.js'

onBothWays(t, surrounding, 'finds the app around a plugin, or none', async (t, isFast) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(async inner => {
    inner.decorate('own', 1)
    const found = surroundingApp(inner)
    t.equal(found, isFast ? app : undefined)
    t.notOk(found?.hasDecorator('own'))
  })
})

t.test('takes nothing for an app that is none', async t => {
  const lookAgain = surrounding.leave()
  lookAgain()
  t.teardown(lookAgain)
  t.equal(surroundingApp(Object.create(null)), undefined)
  t.notOk(surrounding.isInUse, 'Fastify works otherwise')
})
