import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { RedisBroker } from '../../src/brokers/redis/broker.js'
import { silentLogger } from '../../src/telemetry/logger.js'
import { startBroker } from './recorder.js'
import type { RedisServer } from './redis.js'

/** A broker on the given Redis that is ready; it closes with the test. Its timeout leaves room for a busy machine. */
export const startRedisBroker = (t: Test, url: string, timeout = 3000) =>
  startBroker(t, new RedisBroker({ url, timeout }, silentLogger))

/** A plain connection, as any other program has one. */
export function connectNative(t: Test, { url }: { url: string }): Redis {
  const redis = new Redis(url)
  redis.on('error', () => {}) // tests that end their Redis cause some
  t.teardown(() => redis.disconnect())
  return redis
}

export interface ConnectedClient {
  readonly id: string
  readonly name: string
}

/** The gateways' own connections, as Redis sees them. */
export async function gatewayConnections({ cli }: RedisServer): Promise<ConnectedClient[]> {
  const lines = (await cli('CLIENT', 'LIST')).split('\n')
  const clients = lines.map(line => ({
    id: /\bid=(\d+)/.exec(line)?.[1] ?? '',
    name: /\bname=(\S*)/.exec(line)?.[1] ?? '',
  }))
  return clients.filter(({ name }) => name.startsWith('carillon:'))
}

/** Cuts the listening connections of all gateways. */
export async function killSubscribers(redis: RedisServer): Promise<void> {
  for (const { id, name } of await gatewayConnections(redis))
    if (name.startsWith('carillon:subscriber:')) await redis.cli('CLIENT', 'KILL', 'ID', id)
}

/** How often Redis has executed a command. */
export async function callsOf({ cli }: RedisServer, command: string): Promise<number> {
  const stats = await cli('INFO', 'commandstats')
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
}
