import t from 'tap'
import { type Caller, OPEN } from '../../src/access/caller.js'
import { Grants } from '../../src/access/grants.js'
import { type Maker, type Pass, Tickets } from '../../src/access/tickets.js'
import { MemoryEphemeralStore } from '../../src/brokers/memory/ephemeral-store.js'

const rules = { subscribe: ['news'] }
const maker: Caller = { ...OPEN, id: 'key:a', name: 'a', by: 'key', credential: { revoked: false, proof: 'key:0' } }
const ANONYMOUS = { revoked: false, proof: 'anonymous' }
const WANTS = { wantsPass: true }
const spent = { name: 'Problem', type: 'invalid-credentials', message: 'The ticket is spent, or it has expired.' }

function office({ restore = () => maker }: { restore?: (proof: string) => Maker | undefined } = {}) {
  const kept = new Map<string, string>()
  class EphemeralStore extends MemoryEphemeralStore {
    override put(name: string, value: string, seconds: number) {
      kept.set(name, value)
      return super.put(name, value, seconds)
    }
  }
  const tickets = new Tickets(new EphemeralStore(), restore)
  const jar = new Map<string, Pass>()
  const redeem = async (ticket: string) => {
    const { caller, pass } = await tickets.redeem(ticket, name => jar.get(name)?.value, WANTS)
    if (pass) jar.set(pass.name, pass)
    return caller
  }
  return { tickets, kept, jar, redeem }
}

t.test('a ticket authenticates as its owner once, and a pass continues from there', async t => {
  const { tickets, jar, redeem } = office()
  const ticket = await tickets.issue(maker, rules, 30)
  t.match(await redeem(ticket), { name: 'a', by: 'ticket', expiresAt: Number.POSITIVE_INFINITY })
  t.match([...jar.values()], [{ name: /^carillon-[\w-]{8}$/, value: /^[\w-]{32}$/, seconds: 86_400 }])
  t.match(await redeem(ticket), { name: 'a', by: 'ticket' }, 'with the pass')
  jar.clear()
  await t.rejects(redeem(ticket), spent, 'without it, as somebody who read the URL in a log')
})

t.test('a pass is of no use with another ticket, and made-up ones are of none', async t => {
  const { tickets, jar, redeem } = office()
  const mine = await tickets.issue(maker, rules, 30)
  const others = await tickets.issue({ ...maker, id: 'key:b' }, rules, 30)
  await redeem(mine)
  const [pass] = jar.values()
  await tickets.redeem(others, () => undefined, WANTS)
  await t.rejects(redeem(others), spent)
  const forged = `${pass?.name.slice('carillon-'.length)}.${'A'.repeat(32)}`
  t.match(await redeem(forged), { name: 'a' }, 'the pass is what counts: who has it has come in before')
  jar.set(pass?.name ?? '', { ...(pass as Pass), value: 'B'.repeat(32) })
  await t.rejects(redeem(mine), spent)
  for (const text of ['', 'x', mine.slice(1), `${mine}x`, 'a b', '*', '__proto__'])
    await t.rejects(redeem(text), { name: 'Problem', type: 'invalid-credentials' }, text)
})

t.test('tickets of one maker for one thing share a pass, others do not', async t => {
  const { tickets, jar, redeem } = office()
  for (let i = 0; i < 3; i++) await redeem(await tickets.issue(maker, rules, 30))
  t.equal(jar.size, 1)
  await redeem(await tickets.issue(maker, { subscribe: ['sport'] }, 30))
  await redeem(await tickets.issue({ ...maker, id: 'key:b' }, rules, 30))
  t.equal(jar.size, 3)
})

t.test('a ticket and its pass end with the rights of their maker', async t => {
  const expiresAt = Date.now() + 2500
  const { tickets, jar, redeem } = office()
  const ticket = await tickets.issue({ ...maker, expiresAt }, rules, 30)
  t.equal((await redeem(ticket)).expiresAt, expiresAt)
  t.same(
    [...jar.values()].map(({ seconds }) => seconds),
    [2],
  )
  const late = await tickets.issue({ ...maker, expiresAt: Date.now() - 1 }, rules, 30)
  await t.rejects(redeem(late), { name: 'Problem', type: 'invalid-credentials', message: /has expired/ })
})

t.test('a maker that was revoked, or may do less by now, makes its tickets worthless', async t => {
  let now: Maker | undefined = maker
  const { tickets, redeem } = office({ restore: () => now })
  const ticket = await tickets.issue(maker, { subscribe: ['chat:*'] }, 30)
  await redeem(ticket)
  const invalid = { name: 'Problem', type: 'invalid-credentials' }
  now = { credential: maker.credential, grants: new Grants({ subscribe: ['chat:?'] }) }
  await t.rejects(redeem(ticket), invalid, 'it may do less')
  now = { credential: maker.credential, grants: new Grants({ subscribe: ['*'] }) }
  t.ok(await redeem(ticket))
  now = { credential: { revoked: true, proof: 'key:0' } }
  await t.rejects(redeem(ticket), invalid, 'it is revoked')
  now = undefined
  await t.rejects(redeem(ticket), invalid, 'nobody knows it any more')
})

t.test('a maker that was given an earlier end since ends its tickets and passes with it', async t => {
  let now: Maker = maker
  const { tickets, jar, redeem } = office({ restore: () => now })
  const ticket = await tickets.issue(maker, rules, 30)
  await redeem(ticket)
  const expiresAt = Date.now() + 5500
  now = { ...maker, expiresAt }
  t.equal((await redeem(ticket)).expiresAt, expiresAt)
  t.equal([...jar.values()][0]?.seconds, 5)
  now = { ...maker, expiresAt: Date.now() - 1 }
  await t.rejects(redeem(ticket), { name: 'Problem', type: 'invalid-credentials', message: /has expired/ })
})

t.test('a pass of an anonymous client is kept for an hour, as every client can get any number of them', async t => {
  const { tickets, jar, redeem } = office()
  await redeem(await tickets.issue({ ...maker, by: 'anonymous', credential: ANONYMOUS }, rules, 30))
  t.equal([...jar.values()][0]?.seconds, 3600)
})

t.test('a ticket of a token is its owner; tickets of a key are separate clients', async t => {
  const { tickets, redeem } = office()
  const caller = async (maker: Caller, of = rules) => redeem(await tickets.issue(maker, of, 30))
  const token = { ...maker, id: 'token:x', by: 'token', credential: { revoked: false, proof: 'token:x' } } as const
  t.match(await caller(token), { id: 'token:x', isShared: false })
  const shared = await caller(maker)
  t.match(shared, { id: /^ticket:[\w-]+$/, isShared: true })
  t.equal((await caller(maker)).id, shared.id, 'the same with each ticket, so that a retry is one')
  t.not((await caller(maker, { subscribe: ['sport'] })).id, shared.id)
})

t.test('neither the ticket nor the pass is stored', async t => {
  const { tickets, kept, jar, redeem } = office()
  const ticket = await tickets.issue(maker, rules, 30)
  await redeem(ticket)
  const [pass] = jar.values()
  const text = JSON.stringify([...kept])
  t.equal(kept.size, 2)
  t.notMatch(text, ticket.split('.')[1] ?? '')
  t.notMatch(text, pass?.value ?? '')
})
