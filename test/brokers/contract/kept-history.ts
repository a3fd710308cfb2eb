import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'
import type { History } from '../../../src/brokers/history.js'
import { encodeId } from '../../../src/messages/cursor.js'
import { type Mark, markOf, type Position, UNKNOWN } from '../../../src/messages/position.js'
import { freshChannel, outline, startKeeping } from '../../support/kept.js'
import type { MakeBroker } from '../contract.js'

/** Where a channel stands, before anything was published. */
async function startOf(history: History, channel: string): Promise<Mark> {
  const [newest] = await history.newest([channel])
  if (newest?.offset !== 0) throw new Error('it should be empty, and known')
  return markOf(newest)
}

/** What is kept, and how it is read. */
export function keptHistory(t: Test, makeBroker: MakeBroker): void {
  t.test('has no history where there is no rule for any channel', async t => {
    const broker = makeBroker()
    t.teardown(() => broker.close())
    t.equal(broker.history, undefined)
  })

  t.test('keeps what is published, with its bytes, event types and contiguous offsets of one epoch', async t => {
    const { broker, read, history } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    const payloads = [Buffer.alloc(0), Buffer.from('a\r\n\0🔔'), randomBytes(64 * 1024), Buffer.from('x')]
    const before = Date.now()
    const results = await broker.publish(
      payloads.map((data, i) => ({ channel, data, ...(i % 2 && { event: `type-${i}` }) })),
    )
    const { entries, continuity, more, newest } = await read(channel)
    t.equal(entries.length, payloads.length)
    t.equal(continuity, 'whole')
    t.notOk(more)
    for (const [i, { message, time }] of entries.entries()) {
      t.ok(message.data.equals(payloads[i] ?? Buffer.from('missing')))
      t.equal(message.channel, channel)
      t.equal(message.event, i % 2 ? `type-${i}` : undefined)
      t.match(message.position, { epoch: /^[0-9a-f]{16}$/, offset: i + 1, tag: Number })
      t.same(results[i], { receivers: 0, id: message.id })
      t.ok(Math.abs(time - before) < 60_000)
    }
    t.equal(new Set(entries.map(({ message }) => message.position?.epoch)).size, 1)
    t.same(entries.at(-1)?.message.position, newest)
    t.same(await history.newest([channel]), [newest])
  })

  t.test('gives a channel without a rule no history, beside one that has it', async t => {
    const { publish, read, history } = await startKeeping(t, makeBroker)
    const [channel, other] = [freshChannel(), `unkept-${process.pid}`]
    t.equal(history.ruleOf(other), undefined)
    t.same(history.ruleOf(channel), { length: 100, ageSeconds: 3600 })
    t.same(await publish(other, 'x'), { receivers: 0 })
    t.match(await publish(channel, 'x'), { receivers: 0, id: String })
    t.equal(outline(await read(other)), 'whole')
    const { newest } = await read(channel)
    t.equal(newest?.offset, 1)
    t.same(await history.newest([other, channel, other]), [undefined, newest, undefined])
    t.same(await history.newest([]), [])
  })

  t.test('reads what comes after a mark, in pages', async t => {
    const { broker, read, history } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    const start = await startOf(history, channel)
    await broker.publish(Array.from({ length: 7 }, (_, i) => ({ channel, data: Buffer.from(`m${i + 1}`) })))
    const all = (await read(channel)).entries.map(({ message }) => markOf(message.position as Position))
    t.equal(outline(await read(channel, { after: start, limit: 3 })), '1:m1 2:m2 3:m3 whole more')
    t.equal(outline(await read(channel, { after: all[2], limit: 3 })), '4:m4 5:m5 6:m6 whole more')
    t.equal(outline(await read(channel, { after: all[5], limit: 3 })), '7:m7 whole')
    t.equal(outline(await read(channel, { after: all[6], limit: 3 })), 'whole')
    t.equal(outline(await read(channel, { after: all[3], limit: 3 })), '5:m5 6:m6 7:m7 whole')
  })

  t.test('bounds a page in bytes, but never below one entry', async t => {
    const { broker, read, history } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    const start = await startOf(history, channel)
    await broker.publish([10, 10, 500, 10].map(length => ({ channel, data: Buffer.alloc(length, 'x') })))
    const lengths = async (maxBytes: number, offset: number) => {
      const { entries } = await read(channel)
      const after = offset === 0 ? start : markOf(entries[offset - 1]?.message.position as Position)
      const page = await read(channel, { after, maxBytes })
      return [...page.entries.map(({ message }) => message.data.length), page.more]
    }
    t.same(await lengths(20, 0), [10, 10, true])
    t.same(await lengths(1, 0), [10, true])
    t.same(await lengths(20, 2), [500, true])
    t.same(await lengths(520, 0), [10, 10, 500, true])
    t.same(await lengths(530, 0), [10, 10, 500, 10, false])
  })

  t.test('reads the last so many, and what was published since a time', async t => {
    const { publish, read } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    for (const text of ['a', 'b', 'c']) await publish(channel, text)
    t.equal(outline(await read(channel, { last: 2 })), '2:b 3:c whole')
    t.equal(outline(await read(channel, { last: 9 })), '1:a 2:b 3:c whole')
    t.equal(outline(await read(channel, { last: 2, limit: 1 })), '2:b whole more')
    const [, , third] = (await read(channel)).entries
    t.match(outline(await read(channel, { since: third?.time ?? 0 })), /^(1:a )?(2:b )?3:c whole$/)
    t.equal(outline(await read(channel, { since: 0 })), '1:a 2:b 3:c whole')
    t.equal(outline(await read(channel, { since: (third?.time ?? 0) + 1 })), 'whole')
  })

  t.test('keeps no more than its length, and says what is missing', async t => {
    const { broker, read, history, publish } = await startKeeping(t, makeBroker)
    const channel = `short-${freshChannel()}`
    t.same(history.ruleOf(channel)?.length, 3)
    const start = await startOf(history, channel)
    await publish(channel, 'm1')
    const [first] = (await read(channel)).entries
    const after = markOf(first?.message.position as Position)
    await broker.publish([2, 3, 4].map(i => ({ channel, data: Buffer.from(`m${i}`) })))
    t.equal(outline(await read(channel)), '2:m2 3:m3 4:m4 whole', 'nobody asked for what is before')
    t.equal(outline(await read(channel, { after: start })), '2:m2 3:m3 4:m4 trimmed')
    t.equal(outline(await read(channel, { after })), '2:m2 3:m3 4:m4 whole', 'it is gone itself, but nothing after it')
    t.equal(outline(await read(channel, { since: 0 })), '2:m2 3:m3 4:m4 trimmed')
    t.equal(outline(await read(channel, { since: Date.now() + 3_600_000 })), 'whole')
    await publish(channel, 'm5')
    t.equal(outline(await read(channel, { after })), '3:m3 4:m4 5:m5 trimmed')
    t.match(await history.info(channel), { length: 3, oldest: { position: { offset: 3 } }, newest: { offset: 5 } })
  })

  t.test('tells a mark of another history from one of its own', async t => {
    const { publish, read } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    for (const text of ['a', 'b', 'c']) await publish(channel, text)
    const { newest } = await read(channel)
    if (!newest) throw new Error('something was published')
    const own = markOf(newest)
    const otherTag = { ...own, check: (own.check ^ 1) >>> 0 }
    const otherEpoch = { ...own, check: (own.check ^ 0x1000000) >>> 0 }
    t.equal(outline(await read(channel, { after: own })), 'whole')
    t.equal(outline(await read(channel, { after: { ...otherTag, offset: 3 } })), 'reset')
    t.equal(outline(await read(channel, { after: { ...otherTag, offset: 1 } })), '2:b 3:c reset')
    t.equal(outline(await read(channel, { after: { ...own, offset: 4 } })), 'reset', 'from a future that never came')
    t.equal(outline(await read(channel, { after: otherEpoch })), '1:a 2:b 3:c reset', 'it knows none of these')
    t.equal(outline(await read(freshChannel(), { after: own })), 'reset')
  })

  t.test('tells the beginning of a channel without messages from that of another history', async t => {
    const { publish, read, history } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    const start = await startOf(history, channel)
    t.same(await startOf(history, channel), start, 'asking again changes nothing')
    t.same(markOf((await read(channel)).newest as Position), start, 'and a page tells the same')
    t.equal(outline(await read(channel, { after: start })), 'whole')
    t.equal(await history.info(channel), undefined, 'there is nothing to show of it')
    await publish(channel, 'a')
    t.equal(outline(await read(channel, { after: start })), '1:a whole')
    t.equal(outline(await read(channel, { after: UNKNOWN })), '1:a reset')
    t.equal(outline(await read(channel, { after: await startOf(history, freshChannel()) })), '1:a reset')
    await history.delete(channel)
    t.match(outline(await read(channel, { after: start })), 'reset')
    await publish(channel, 'b')
    t.match(outline(await read(channel, { after: start })), /^1:b reset$/)
  })

  t.test('an empty page has a cursor', async t => {
    const { publish, read } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    await publish(channel, 'a')
    const future = Date.now() + 3_600_000
    for (const query of [{ last: 0 }, { since: future }, { within: -3_600_000 }]) {
      const { entries, newest } = await read(channel, query)
      t.match({ entries: entries.length, newest }, { entries: 0, newest: { offset: 1 } }, JSON.stringify(query))
    }
  })

  t.test('knows the length, the ends and the size of a history', async t => {
    const { publish, history } = await startKeeping(t, makeBroker)
    const channel = freshChannel()
    t.equal(await history.info(channel), undefined)
    await publish(channel, 'a')
    const small = await history.info(channel)
    for (let i = 0; i < 20; i++) await publish(channel, 'x'.repeat(1000))
    const large = await history.info(channel)
    t.match(large, { length: 21, newest: { offset: 21 }, oldest: { position: { offset: 1 } } })
    t.equal(large?.newest.epoch, small?.newest.epoch)
    t.same(large?.oldest, small?.oldest)
    t.ok((large?.newestTime ?? 0) >= (large?.oldest?.time ?? Number.NaN))
    t.ok((small?.bytes ?? 0) > 0)
    t.ok((large?.bytes ?? 0) > (small?.bytes ?? 0) + 19_000)
  })

  t.test('forgets a history that is deleted, and begins a new epoch', async t => {
    const { publish, read, history } = await startKeeping(t, makeBroker)
    const [channel, other] = [freshChannel(), freshChannel()]
    for (const text of ['a', 'b', 'c']) await publish(channel, text)
    await publish(other, 'x')
    const { newest } = await read(channel)
    await history.delete(channel)
    t.equal(await history.info(channel), undefined)
    t.not((await history.newest([channel]))[0]?.epoch, newest?.epoch)
    t.equal(outline(await read(channel)), 'whole')
    t.equal(outline(await read(channel, { after: markOf(newest as Position) })), 'reset')
    const result = await publish(channel, 'd')
    const after = await read(channel, { after: markOf(newest as Position) })
    // A mark knows one byte of its epoch: one new epoch in 256 looks like the old one, and what came before the mark is not repeated.
    t.match(outline(after), /^(1:d )?reset$/)
    t.not(after.newest?.epoch, newest?.epoch)
    t.same(result, { receivers: 0, id: encodeId(channel, after.newest as Position) })
    t.equal(outline(await read(other)), '1:x whole')
    await history.delete(freshChannel())
  })

  t.test('lets what is too old go, whether something follows or not, and still knows where it stood', async t => {
    const { publish, read, history } = await startKeeping(t, makeBroker, { ageSeconds: 0.2 })
    const channel = freshChannel()
    await publish(channel, 'a')
    await publish(channel, 'b')
    const { newest, entries } = await read(channel)
    if (!newest || !entries[0]?.message.position) throw new Error('it is not that old yet')
    while ((await read(channel)).entries.length > 0) await new Promise(resolve => setTimeout(resolve, 20))
    t.match(await history.info(channel), { length: 0, oldest: undefined, newest })
    t.equal(outline(await read(channel, { after: markOf(newest) })), 'whole')
    t.equal(outline(await read(channel, { after: markOf(entries[0].message.position) })), 'trimmed')
    t.equal(outline(await read(channel, { since: 0 })), 'trimmed')
    await publish(channel, 'c')
    t.equal(outline(await read(channel, { after: markOf(newest) })), '3:c whole')
    t.equal((await read(channel)).newest?.epoch, newest.epoch)
  })
}
