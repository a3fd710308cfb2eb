import t from 'tap'
import { Message } from '../../src/messages/message.js'

const message = (data: string | Buffer, event?: string) =>
  new Message({ channel: 'news', data: Buffer.from(data), ...(event !== undefined && { event }) })

t.test('has its data as text, when that is UTF-8', async t => {
  t.equal(message('a\r\n🔔\u2028\0').text, 'a\r\n🔔\u2028\0')
  t.equal(message('').text, '')
  t.equal(message('\ufeffa').text, '\ufeffa', 'a byte order mark is part of the message')
})

for (const [what, bytes] of Object.entries({
  'a lone continuation byte': [0x80],
  'a cut sequence': [0xf0, 0x9f, 0x94],
  'an overlong form': [0xc0, 0xaf],
  'a surrogate': [0xed, 0xa0, 0x80],
}))
  t.test(`has no text for ${what}, and all its bytes in base64`, async t => {
    const odd = message(Buffer.from(bytes))
    t.equal(odd.text, undefined)
    t.equal(
      odd.envelope,
      JSON.stringify({ channel: 'news', data: Buffer.from(bytes).toString('base64'), encoding: 'base64' }),
    )
  })

t.test('puts itself into an envelope, the event type only where there is one', async t => {
  t.equal(message('hello').envelope, '{"channel":"news","data":"hello"}')
  t.equal(message('{"a":1}', 'price').envelope, '{"channel":"news","event":"price","data":"{\\"a\\":1}"}')
  t.equal(message('').envelope, '{"channel":"news","data":""}')
})

t.test('has an id in a history, also in its envelope', async t => {
  t.equal(message('a').id, undefined)
  const position = { epoch: 'a1b2c3d4e5f60718', offset: 1, tag: 0xabcdef }
  const kept = new Message({ channel: 'news', data: Buffer.from('a'), event: 'price', position })
  t.equal(kept.id, 'mVChq83vAQ')
  t.equal(kept.envelope, '{"channel":"news","id":"mVChq83vAQ","event":"price","data":"a"}')
})

t.test('knows whether another one has the same bytes', async t => {
  const one = message('a')
  t.ok(one.hasBytesOf(message('a')))
  t.notOk(one.hasBytesOf(message('b')))
  t.ok(one.hasBytesOf(one))
})
