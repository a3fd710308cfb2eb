import fc from 'fast-check'
import { Command } from 'ioredis'
import t from 'tap'
import { JoinedCommands } from '../../../../src/brokers/redis/commands/resp-encoder.js'

t.test('commands are joined in the order in which they came', async t => {
  const joined = new JoinedCommands()
  t.ok(joined.isEmpty)
  joined.add(['publish', 'news', Buffer.from([0xff, 0x0d, 0x0a, 0x00])])
  joined.add(['ping'])
  joined.add(['publish', 'grüße', Buffer.alloc(0)])
  t.notOk(joined.isEmpty)
  const expected = Buffer.concat([
    Buffer.from('*3\r\n$7\r\npublish\r\n$4\r\nnews\r\n$4\r\n'),
    Buffer.from([0xff, 0x0d, 0x0a, 0x00]),
    Buffer.from('\r\n*1\r\n$4\r\nping\r\n*3\r\n$7\r\npublish\r\n$7\r\ngrüße\r\n$0\r\n\r\n'),
  ])
  t.same(joined.toBuffer(), expected)
})

t.test('the bytes are those that ioredis writes', async t => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array().map(bytes => Buffer.from(bytes)),
  )
  const command = fc.tuple(fc.constantFrom('publish', 'spublish', 'eval', 'evalsha'), fc.array(word))
  fc.assert(
    fc.property(fc.array(command, { minLength: 1 }), commands => {
      const joined = new JoinedCommands()
      for (const [name, words] of commands) joined.add([name, ...words])
      const written = commands.map(([name, words]) => ofIoredis(name, words))
      return joined.toBuffer().equals(Buffer.concat(written))
    }),
  )
  t.pass('for random commands')
})

function ofIoredis(name: string, words: (string | Buffer)[]): Buffer {
  const written = new Command(name, [...words]).toWritable({})
  return typeof written === 'string' ? Buffer.from(written) : written
}
