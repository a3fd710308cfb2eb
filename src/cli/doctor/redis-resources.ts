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
  if (policy === undefined) return unknown('memory', 'the user may not ask for it (+info)')
  if (limit === 0) return ok('memory', 'no limit is set (maxmemory 0)')
  const used = Number(info.get('used_memory') ?? 0)
  const text = `${Math.round((used / limit) * 100)} % of maxmemory used, policy ${policy}`
  if (policy !== 'noeviction')
    return warning(
      'memory',
      `${text}: histories and idempotency keys may be evicted; listeners would be told a gap`,
      'Where HISTORY or Idempotency-Key matters: maxmemory-policy noeviction, in a Redis of its own. Plain Pub/Sub does not care.',
    )
  if (used > limit * 0.9)
    return warning(
      'memory',
      text,
      'Plain publishes go on when it is full; those with history get 503. Raise maxmemory.',
    )
  return ok('memory', text)
}

export function checkClients(info: Info): Finding {
  const [connected, most] = [Number(info.get('connected_clients')), Number(info.get('maxclients'))]
  if (!Number.isFinite(connected) || !Number.isFinite(most))
    return unknown('connections', 'Redis does not tell its limit')
  const text = `${connected} of ${most} in use; a gateway needs two`
  if (connected < most * 0.9) return ok('connections', text)
  return warning('connections', text, 'Raise maxclients, or look for who holds so many: CLIENT LIST')
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
    return unknown(
      'output buffer',
      'the user may not ask for client-output-buffer-limit (CONFIG GET); the default is sound',
    )
  const mib = (bytes: string | undefined) => `${Math.round(Number(bytes) / 1024 / 1024)} MiB`
  const says = `pubsub ${hard === '0' ? 'without a limit' : `${mib(hard)}, or ${mib(soft)} for ${seconds} s`}`
  if (hard === '0')
    return warning(
      'output buffer',
      says,
      'A gateway that hangs could fill Redis: client-output-buffer-limit pubsub 256mb 64mb 60',
    )
  if (Number(hard) < 8 * 1024 * 1024)
    return warning(
      'output buffer',
      says,
      'A burst cuts the gateways off: client-output-buffer-limit pubsub 32mb 8mb 60',
    )
  return ok('output buffer', says)
}

export async function checkClock(redis: Redis): Promise<Finding> {
  const before = Date.now()
  const time = await allowed(redis.time(), undefined as unknown as [number, number])
  if (!time) return unknown('clock', 'the user may not ask Redis for the time (+time)')
  const [seconds, micros] = time.map(Number) as [number, number]
  return clock('Redis', seconds * 1000 + micros / 1000 - (before + Date.now()) / 2)
}

/** How far another clock is ahead of this one, in milliseconds. */
export function clock(whose: string, ahead: number): Finding {
  const text = `${whose} is ${Math.abs(ahead / 1000).toFixed(1)} s ${ahead < 0 ? 'behind' : 'ahead of'} this machine`
  if (Math.abs(ahead) < SKEWED_MS) return ok('clock', text)
  return warning('clock', text, 'Let both keep time by NTP: tokens expire, and gaps are told, by the clock.')
}

const SKEWED_MS = 2000
