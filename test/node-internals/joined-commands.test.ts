import fc from 'fast-check'
import { Command, Redis } from 'ioredis'
import t from 'tap'
import { JoinedCommands, joinedCommands, sendJoined } from '../../src/node-internals/joined-commands.js'
import { redisSocket, socketOf } from '../../src/node-internals/redis-socket.js'
import { onBothWays } from '../support/fast-paths.js'
import { startRedis } from '../support/redis.js'

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

onBothWays(t, joinedCommands, 'commands leave in one write, and each has its answer', async t => {
  const server = await startRedis(t)
  const redis = new Redis({ port: server.port, enableOfflineQueue: false, lazyConnect: true })
  t.teardown(() => redis.disconnect())
  await redis.connect()
  const socket = socketOf(redis)
  if (!socket) throw new Error('it is connected')
  const writes = t.intercept(socket, 'write', { value: socket.write })
  const bytes = Buffer.from([0xff, 0x0d, 0x0a, 0x00])
  const answers = sendJoined(redis, [
    ['set', 'a', bytes],
    ['publish', 'grüße', 'hello'],
    ['incr', 'a'],
    ['get', 'grüße'],
  ])
  const after = redis.strlen('a')
  t.equal(writes().length, 2, 'and what follows them in another')
  t.match(await answers, [[null, 'OK'], [null, 0], [{ name: 'ReplyError', message: /integer/ }], [null, null]])
  t.equal(await after, 4)
})

onBothWays(t, joinedCommands, 'commands for a client that is away are not sent, and fail one by one', async t => {
  const server = await startRedis(t)
  const redis = new Redis({
    port: server.port,
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: () => null,
  })
  await redis.connect()
  redis.disconnect()
  const answers = await sendJoined(redis, [['ping'], ['ping']])
  t.same(
    answers.map(([error]) => error instanceof Error),
    [true, true],
  )
})

t.test('are written by ioredis where its socket is not found', async t => {
  t.teardown(joinedCommands.leave())
  joinedCommands.leave()()
  t.teardown(redisSocket.leave())
  t.notOk(joinedCommands.isInUse)
})
