import t from 'tap'
import { allows } from '../../src/access/authorization.js'
import { type Caller, endOf, OPEN } from '../../src/access/caller.js'
import { Grants, RIGHTS, type Rules } from '../../src/access/grants.js'
import { channelTopic, patternTopic } from '../../src/messages/topic.js'

const caller = (rules: Rules, rest: Partial<Caller> = {}): Caller => ({
  id: 'key:test',
  name: 'test',
  by: 'key',
  grants: new Grants(rules),
  expiresAt: Number.POSITIVE_INFINITY,
  credential: { revoked: false, proof: 'key:0' },
  ...rest,
})

t.test('a right on one channel is no other right, and none on any other channel', async t => {
  const grants = caller({ subscribe: ['news'] })
  t.ok(allows(grants, 'subscribe', channelTopic('news')))
  for (const right of ['publish', 'inspect', 'admin'] as const)
    t.notOk(allows(grants, right, channelTopic('news')), right)
  for (const name of ['new', 'news:', 'newss', 'NEWS', 'sport', '__proto__', 'constructor'])
    t.notOk(allows(grants, 'subscribe', channelTopic(name)), name)
})

t.test('a grant is a glob, and a pattern needs one that covers all of it', async t => {
  const grants = caller({ subscribe: ['chat:*', 'user:7:?'] })
  for (const name of ['chat:1', 'chat:', 'user:7:a']) t.ok(allows(grants, 'subscribe', channelTopic(name)), name)
  for (const name of ['chat', 'user:7:ab', 'user:8:a']) t.notOk(allows(grants, 'subscribe', channelTopic(name)), name)
  for (const name of ['chat:*', 'chat:[ab]', 'user:7:?']) t.ok(allows(grants, 'subscribe', patternTopic(name)), name)
  for (const name of ['*', 'cha*', 'user:7:*', 'user:?:a'])
    t.notOk(allows(grants, 'subscribe', patternTopic(name)), name)
})

t.test('a grant for a channel does not grant the pattern that looks like another', async t => {
  t.notOk(allows(caller({ subscribe: ['a.c'] }), 'subscribe', channelTopic('abc')))
  t.notOk(allows(caller({ subscribe: ['news'] }), 'subscribe', patternTopic('new*')))
  t.ok(allows(caller({ subscribe: ['news'] }), 'subscribe', patternTopic('news')))
})

t.test('admin is every right', async t => {
  const grants = caller({ admin: ['a:*'] })
  for (const right of RIGHTS) {
    t.ok(allows(grants, right, channelTopic('a:1')), right)
    t.notOk(allows(grants, right, channelTopic('b:1')), right)
  }
})

t.test('no grants allow nothing', async t => {
  for (const right of RIGHTS) t.notOk(allows(caller({}), right, channelTopic('news')), right)
})

t.test('expired and revoked credentials grant nothing', async t => {
  const past = caller({ admin: ['*'] }, { expiresAt: Date.now() - 1 })
  t.notOk(allows(past, 'subscribe', channelTopic('news')))
  t.equal(endOf(past), 'access_expired')
  const credential = { revoked: false, proof: 'key:0' }
  const key = caller({ admin: ['*'] }, { credential })
  t.ok(allows(key, 'subscribe', channelTopic('news')))
  t.equal(endOf(key), undefined)
  credential.revoked = true
  t.notOk(allows(key, 'subscribe', channelTopic('news')))
  t.equal(endOf(key), 'access_revoked')
})

t.test('without access rules everything is allowed', async t => {
  for (const right of RIGHTS) {
    t.ok(allows(OPEN, right, channelTopic('news')), right)
    t.ok(allows(OPEN, right, patternTopic('*')), right)
  }
})
