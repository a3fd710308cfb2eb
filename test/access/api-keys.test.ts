import t from 'tap'
import { createApiKey, isApiKey, KeyRing, readApiKeys } from '../../src/access/api-keys.js'

const made = (name: string, rules: object = { publish: ['*'] }) => {
  const { key, entry } = createApiKey(name, rules)
  return { key, entry, parsed: readApiKeys(JSON.stringify([entry]), 'API_KEYS') }
}

t.test('a key is 256 random bits, and its entry does not hold it', async t => {
  const { key, entry } = made('backend')
  t.match(key, /^carillon_[A-Za-z0-9_-]{43}$/)
  t.ok(isApiKey(key))
  t.notMatch(JSON.stringify(entry), key.slice('carillon_'.length))
  t.match(entry, { name: 'backend', sha256: /^[0-9a-f]{64}$/, publish: ['*'] })
  t.not(key, made('backend').key)
})

t.test('finds the caller of a valid key, and no caller for any other', async t => {
  const ring = new KeyRing()
  const [a, b] = [made('a'), made('b')]
  ring.replace([...a.parsed, ...b.parsed])
  t.match(ring.find(a.key), { id: 'key:a', name: 'a', by: 'key' })
  t.equal(ring.find(b.key)?.name, 'b')
  t.equal(ring.find(made('a').key), undefined)
  t.equal(ring.find(`${a.key.slice(0, -1)}${a.key.endsWith('A') ? 'B' : 'A'}`), undefined)
  t.equal(new KeyRing().find(a.key), undefined)
})

t.test('two keys of one name are good side by side, and are the same caller', async t => {
  const ring = new KeyRing()
  const [old, next] = [made('backend'), made('backend')]
  ring.replace(old.parsed)
  const before = ring.find(old.key)
  ring.replace([...old.parsed, ...next.parsed])
  t.equal(ring.find(old.key), before, 'the one that stays is not disturbed')
  t.equal(before?.credential.revoked, false)
  t.equal(ring.find(next.key)?.id, before?.id)
  ring.replace(next.parsed)
  t.equal(ring.find(old.key), undefined)
  t.equal(before?.credential.revoked, true, 'who came with the old one is told')
  t.equal(ring.find(next.key)?.credential.revoked, false)
})

t.test('a key whose rights have changed is another one', async t => {
  const ring = new KeyRing()
  const { key, entry, parsed } = made('a')
  ring.replace(parsed)
  const before = ring.find(key)
  ring.replace(readApiKeys(JSON.stringify([{ ...entry, publish: ['news'] }]), 'x'))
  t.equal(before?.credential.revoked, true)
  t.equal(ring.find(key)?.credential.revoked, false)
})

t.test('an entry may end, and may have its hash in any case', async t => {
  const { entry } = made('a')
  const text = JSON.stringify([{ ...entry, expires: '2030-01-01T00:00:00Z' }])
  t.equal(readApiKeys(text, 'x')[0]?.expiresAt, Date.UTC(2030, 0, 1))
  t.equal(readApiKeys(withEnd('2030-01-31'), 'x')[0]?.expiresAt, Date.UTC(2030, 0, 31), 'midnight UTC')
  const upper = JSON.stringify([{ ...entry, sha256: 'AB'.repeat(32) }])
  t.equal(readApiKeys(upper, 'x')[0]?.sha256, 'ab'.repeat(32))
})

const withEnd = (expires: string) => JSON.stringify([{ name: 'a', sha256: '0'.repeat(64), expires }])

for (const [what, text, message] of [
  ['no JSON', '{', /^FILE is not valid JSON$/],
  ['no array', '1', /^FILE must be a JSON array of the entries that `carillon key` prints, or one of them$/],
  ['no entry', '{}', /^FILE, key 1: a key has a name/],
  ['no object', '[1]', /^FILE, key 1: a key is an object$/],
  ['no name', '[{"sha256":"x"}]', /a name of 1 to 64 visible characters/],
  ['a name with a line end', JSON.stringify([{ name: 'a\nb', sha256: '0'.repeat(64) }]), /visible characters/],
  ['the key itself', JSON.stringify([{ name: 'a', sha256: made('a').key }]), /64 hexadecimal digits/],
  ['another right', JSON.stringify([{ name: 'a', sha256: '0'.repeat(64), read: ['*'] }]), /there is no right "read"/],
  [
    'another end',
    JSON.stringify([{ name: 'a', sha256: '0'.repeat(64), expires: 1 }]),
    /expires is 1, which is no date/,
  ],
  ['a day that does not exist', withEnd('2027-02-30T00:00:00Z'), /"2027-02-30T00:00:00Z", which does not exist/],
  ['a day alone that does not exist', withEnd('2027-04-31'), /"2027-04-31", which does not exist/],
  ['a time without an offset', withEnd('2027-01-31T00:00:00'), /which is no date/],
] as const)
  t.test(`refuses ${what}`, async t => {
    t.throws(() => readApiKeys(text, 'FILE'), { name: 'ConfigError', message })
  })
