import t from 'tap'
import {
  batchFingerprint,
  InFlight,
  readIdempotencyKey,
  requireKey,
  withKey,
} from '../../src/publishing/idempotency.js'
import { deferred } from '../../src/support/deferred.js'

for (const [header, key] of [
  ['"8e03978e-40d5"', '8e03978e-40d5'],
  ['8e03978e-40d5', '8e03978e-40d5'],
  ['"a b, c"', 'a b, c'],
  ['"say \\"hi\\" \\\\"', 'say "hi" \\'],
  ['a:b/c=d;e', 'a:b/c=d;e'],
  ['x'.repeat(255), 'x'.repeat(255)],
] as const)
  t.test(`reads ${header.slice(0, 30)}`, async t => {
    t.equal(readIdempotencyKey(header), key)
  })

t.test('no header is no key', async t => {
  t.equal(readIdempotencyKey(undefined), undefined)
})

for (const header of ['', '""', '"', 'a b', 'a, b', '"a"b', 'a"b', '"a\\n"', '"a"; b', 'é', 'a\tb', 'x'.repeat(256)])
  t.test(`refuses ${JSON.stringify(header.slice(0, 30))}`, async t => {
    t.throws(() => readIdempotencyKey(header), { name: 'Problem', message: /^The Idempotency-Key / })
  })

t.test('takes any visible text for a key in JSON', async t => {
  t.equal(requireKey('a "b", c'), 'a "b", c')
  for (const key of ['', 'é', '\n', 'x'.repeat(256)])
    t.throws(() => requireKey(key), { message: /^The Idempotency-Key / }, JSON.stringify(key).slice(0, 20))
})

t.test('a key is another one for another caller, and for each message of a batch', async t => {
  const publication = { channel: 'news', data: Buffer.from('a') }
  const batch = batchFingerprint(Buffer.from('{}'))
  const keys = [
    withKey(publication, { key: 'k', caller: 'a' }),
    withKey(publication, { key: 'k', caller: 'b' }),
    withKey(publication, { key: 'k2', caller: 'a' }),
    withKey(publication, { key: 'k', caller: 'a', part: { place: 0, batch } }),
    withKey(publication, { key: 'k', caller: 'a', part: { place: 1, batch } }),
  ].map(({ idempotency }) => idempotency?.key)
  t.equal(new Set(keys).size, 5)
  t.match(keys[0], /^[A-Za-z0-9_-]{22}$/)
  t.equal(withKey(publication, { key: 'k', caller: 'a' }).idempotency?.key, keys[0])
})

t.test('all messages of a batch have the fingerprint of the batch, which is taken once', async t => {
  const publication = { channel: 'news', data: Buffer.from('a') }
  const fingerprints = (batch: string) =>
    [0, 1].map(place => withKey(publication, { key: 'k', caller: '', part: { place, batch } }).idempotency?.fingerprint)
  const [one, other] = [batchFingerprint(Buffer.from('{"a":1}')), batchFingerprint(Buffer.from('{"a":2}'))]
  t.same(fingerprints(one), [one, one])
  t.not(one, other)
  t.match(one, /^[A-Za-z0-9_-]{22}$/)
})

t.test('another message has another fingerprint', async t => {
  const fingerprint = (data: string, event?: string) =>
    withKey(
      { channel: 'news', data: Buffer.from(data), ...(event !== undefined && { event }) },
      { key: 'k', caller: '' },
    ).idempotency?.fingerprint
  t.equal(fingerprint('a', 'x'), fingerprint('a', 'x'))
  t.equal(
    new Set([fingerprint('a'), fingerprint('b'), fingerprint('a', 'x'), fingerprint('xa'), fingerprint('')]).size,
    5,
  )
})

t.test('a key in flight gets a problem until its answer arrives', async t => {
  const inFlight = new InFlight()
  const publication = withKey({ channel: 'news', data: Buffer.from('a') }, { key: 'k', caller: '' })
  const plain = { channel: 'news', data: Buffer.from('b') }
  const answered = deferred()
  const first = inFlight.publish([publication], async () => {
    await answered.promise
    return [{ receivers: 1 }]
  })
  const second = await inFlight.publish([plain, publication, plain], async free => free.map(() => ({ receivers: 2 })))
  t.same(second, [{ receivers: 2 }, { problem: 'idempotency-key-in-flight' }, { receivers: 2 }])
  const elsewhere = { ...publication, channel: 'other' }
  t.same(await inFlight.publish([elsewhere], async () => [{ receivers: 3 }]), [{ receivers: 3 }])
  answered.resolve()
  t.same(await first, [{ receivers: 1 }])
  await t.rejects(inFlight.publish([publication], () => Promise.reject(new Error('broken'))))
  t.same(await inFlight.publish([publication], async () => [{ receivers: 4 }]), [{ receivers: 4 }])
})
