import type { Redis } from 'ioredis'
import { type Finding, ok, unknown, warning } from './finding.js'
import { isRefusal } from './redis-rights.js'

/** The fields of INFO, as far as Redis gives them. */
export type Info = ReadonlyMap<string, string>

/** A refusal is not the end of an examination. */
export function allowed<Value>(reply: Promise<Value>, instead: Value): Promise<Value> {
  return reply.catch((error: Error) => {
    if (isRefusal(error)) return instead
    throw error
  })
}

export function checkMemory(info: Info): Finding {
  const policy = info.get('maxmemory_policy')
  const limit = Number(info.get('maxmemory') ?? 0)
  if (policy === undefined) return unknown('memory', 'the user lacks +info')
  if (limit === 0) return ok('memory', 'no limit is set (maxmemory 0)')
  const used = Number(info.get('used_memory') ?? 0)
  const text = `${Math.round((used / limit) * 100)} % of maxmemory used, policy ${policy}`
  if (policy !== 'noeviction')
    return warning(
      'memory',
      `${text}: histories and idempotency keys may be evicted; clients would get a gap`,
      'If you use HISTORY or Idempotency-Key, set maxmemory-policy noeviction, and use a separate Redis. Plain Pub/Sub is not affected.',
    )
  if (used > limit * 0.9)
    return warning(
      'memory',
      text,
      'When Redis is full, plain publishes still work, and those with history get 503. Raise maxmemory.',
    )
  return ok('memory', text)
}

export function checkClients(info: Info): Finding {
  const [connected, most] = [Number(info.get('connected_clients')), Number(info.get('maxclients'))]
  if (!Number.isFinite(connected) || !Number.isFinite(most))
    return unknown('connections', 'Redis does not report its limit')
  const text = `${connected} of ${most} in use; a gateway needs two`
  if (connected < most * 0.9) return ok('connections', text)
  return warning('connections', text, 'Raise maxclients, or find out which clients hold connections: CLIENT LIST')
}

export async function checkOutputBuffer(redis: Redis): Promise<Finding> {
  const answer = await allowed(redis.config('GET', 'client-output-buffer-limit') as Promise<string[]>, [])
  return outputBuffer(
    Array.isArray(answer) ? answer[1] : (answer as Record<string, string>)['client-output-buffer-limit'],
  )
}

/** As `CONFIG GET` has it: `normal 0 0 0 slave … pubsub 33554432 8388608 60`. */
export function outputBuffer(text: string | undefined): Finding {
  const [, hard, soft, seconds] = /pubsub (\d+) (\d+) (\d+)/.exec(text ?? '') ?? []
  if (hard === undefined)
    return unknown('output buffer', 'the user lacks CONFIG GET; the default of client-output-buffer-limit is fine')
  const mib = (bytes: string | undefined) => `${Math.round(Number(bytes) / 1024 / 1024)} MiB`
  const says = `pubsub ${hard === '0' ? 'without a limit' : `${mib(hard)}, or ${mib(soft)} for ${seconds} s`}`
  if (hard === '0')
    return warning(
      'output buffer',
      says,
      'A stuck gateway could fill the memory of Redis. Set client-output-buffer-limit pubsub 256mb 64mb 60',
    )
  if (Number(hard) < 8 * 1024 * 1024)
    return warning(
      'output buffer',
      says,
      'Redis disconnects gateways during a burst. Set client-output-buffer-limit pubsub 32mb 8mb 60',
    )
  return ok('output buffer', says)
}

export async function checkClock(redis: Redis): Promise<Finding> {
  const before = Date.now()
  const time = await allowed(redis.time(), undefined as unknown as [number, number])
  if (!time) return unknown('clock', 'the user lacks +time')
  const [seconds, micros] = time.map(Number) as [number, number]
  return clock('Redis', seconds * 1000 + micros / 1000 - (before + Date.now()) / 2)
}

/** How far another clock is ahead of this one, in milliseconds. */
export function clock(whose: string, ahead: number): Finding {
  const text = `${whose} is ${Math.abs(ahead / 1000).toFixed(1)} s ${ahead < 0 ? 'behind' : 'ahead of'} this machine`
  if (Math.abs(ahead) < SKEWED_MS) return ok('clock', text)
  return warning(
    'clock',
    text,
    'Synchronise both clocks by NTP: the expiry of tokens and the times of gaps depend on them.',
  )
}

const SKEWED_MS = 2000
