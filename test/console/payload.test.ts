import t from 'tap'
import { base64, hexDump, pretty, preview, show, tint, viewsOf } from '../../console/payload.js'

t.test('JSON is indented, and each number and string stays as it was written', async t => {
  t.equal(
    pretty('{"a":12345678901234567890,"b":[1.0,true,null],"c":{},"d":[],"e":"x: {,}\\"","f":-1e-7}'),
    `{
  "a": 12345678901234567890,
  "b": [
    1.0,
    true,
    null
  ],
  "c": {},
  "d": [],
  "e": "x: {,}\\"",
  "f": -1e-7
}`,
  )
  const deep = '['.repeat(500) + ']'.repeat(500)
  t.equal(pretty(deep).replace(/\s/g, ''), deep)
  for (const json of ['[1,2]', '{"a":{"b":[{"c":"\\\\"}]}}']) t.same(JSON.parse(pretty(json)), JSON.parse(json))
})

t.test('bytes are shown as hexdump has them', async t => {
  t.equal(
    hexDump(Buffer.from('Hello, bells \x00\xff and more', 'latin1')),
    '00000000  48 65 6c 6c 6f 2c 20 62 65 6c 6c 73 20 00 ff 20  |Hello, bells .. |\n' +
      '00000010  61 6e 64 20 6d 6f 72 65                          |and more|',
  )
  t.equal(hexDump(new Uint8Array()), '')
  t.match(hexDump(new Uint8Array(5000)), /… 904 bytes more$/)
  const bytes = new Uint8Array(100_000).map((_, i) => i)
  t.equal(base64(bytes), Buffer.from(bytes).toString('base64'))
})

t.test('each message has the views that suit it, the best one first', async t => {
  t.same(viewsOf('{"a":1}'), ['json', 'text', 'hex', 'base64'])
  t.same(viewsOf('{"a":'), ['text', 'hex', 'base64'])
  t.same(viewsOf('42'), ['text', 'hex', 'base64'])
  t.same(viewsOf(new Uint8Array([255])), ['hex', 'base64'])
  t.equal(show('é', 'hex'), '00000000  c3 a9                                            |..|')
  t.equal(show(new Uint8Array([255]), 'base64'), '/w==')
  t.match(show('x'.repeat(70_000), 'text'), /x\n… 4464 characters more$/)
})

t.test('a row has one line of it', async t => {
  t.equal(preview('a\n  b\tc'), 'a b c')
  t.equal(preview('x'.repeat(10_000)).length, 300)
  t.equal(preview(new Uint8Array([0, 255])), '00 ff')
  t.match(preview(new Uint8Array(33)), / …$/)
})

t.test('indents deeply nested JSON only up to a bound', async t => {
  const depth = 100_000
  const text = show(`${'['.repeat(depth)}1${']'.repeat(depth)}`, 'json')
  t.equal(text.indexOf('\n  ['), 1)
  t.notMatch(text, /\n {81}/)
})

t.test('colours a truncated string as one string', async t => {
  const cut = `["${'\\"'.repeat(3000)}`
  t.same(
    [...tint(`${cut}\n… 9 characters more`)],
    [
      ['', '['],
      ['string', cut.slice(1)],
      ['', '\n… '],
      ['number', '9'],
      ['', ' characters more'],
    ],
  )
})

t.test('what is tinted is all of the text, in order', async t => {
  const json = pretty('{"a":[1,"b\\"",true,null,-2.5e3],"c":"d"}')
  const parts = [...tint(json)]
  t.equal(parts.map(([, text]) => text).join(''), json)
  t.same(
    parts.filter(([kind]) => kind).map(part => part.join(' ')),
    ['key "a"', 'number 1', 'string "b\\""', 'word true', 'word null', 'number -2.5e3', 'key "c"', 'string "d"'],
  )
})
