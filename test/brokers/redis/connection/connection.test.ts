import { connect } from 'node:net'
import { AbstractConnector } from 'ioredis'
import t from 'tap'
import { Connection } from '../../../../src/brokers/redis/connection/connection.js'
import { silentLogger } from '../../../../src/telemetry/logger.js'
import { startRedis } from '../../../support/redis.js'

t.test('a connection attempt that the driver gives up is followed by another one', async t => {
  const redis = await startRedis(t)
  let attempts = 0
  // So it ends for ioredis when Sentinels tell of a new master while it is asking them for the master.
  class Fickle extends AbstractConnector {
    constructor() {
      super(1000)
    }

    override async connect() {
      attempts++
      if (attempts === 2) throw new Error('Connection is closed.')
      this.connecting = true
      this.stream = connect(redis.port, '127.0.0.1')
      return this.stream
    }
  }
  const ups: number[] = []
  let next = () => {}
  const up = () => {
    ups.push(attempts)
    next()
  }
  const isUp = (count: number) =>
    new Promise<void>(resolve => {
      next = () => ups.length >= count && resolve()
      next()
    })
  const settings = { target: { Connector: Fickle }, timeout: 1000, name: 'test', log: silentLogger }
  const connection = new Connection(settings, { up, down: () => {} })
  t.teardown(() => connection.close())
  connection.connect()
  await isUp(1)
  await redis.cli('CLIENT', 'KILL', 'TYPE', 'normal')
  await isUp(2)
  t.same(ups, [1, 3])
})

t.test('a connection closed on purpose is not reported, and a lost one is', async t => {
  const redis = await startRedis(t)
  const told: string[] = []
  const log = { ...silentLogger, warn: (_details: object, message: string) => told.push(message) }
  const use = async (end: (connection: Connection) => unknown) => {
    let up = () => {}
    let down = () => {}
    const [isUp, isDown] = [
      new Promise<void>(resolve => (up = resolve)),
      new Promise<void>(resolve => (down = resolve)),
    ]
    const settings = { target: { host: '127.0.0.1', port: redis.port }, timeout: 1000, name: 'test', log }
    const connection = new Connection(settings, { up: () => up(), down: () => down() })
    t.teardown(() => connection.close())
    connection.connect()
    await isUp
    await end(connection)
    await isDown
  }
  await use(connection => connection.close())
  t.same(told, [])
  await use(() => redis.cli('CLIENT', 'KILL', 'TYPE', 'normal'))
  t.ok(told.includes('the connection to Redis was lost'))
})
