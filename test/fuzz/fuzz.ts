import { readdir, readFile } from 'node:fs/promises'
import fc from 'fast-check'
import type { GatewayProcess } from '../support/gateway.js'
import type { RedisServer } from '../support/redis.js'
import { until } from '../support/until.js'
import { Contract, type FuzzRequest } from './contract.js'
import { anyFrames, rawBytes, sendFrames, sendRawFrames, sessionRequests } from './frames.js'
import { properties } from './functions.js'
import { sendAll, sendBytes } from './http.js'

export interface FuzzOptions {
  gateway: GatewayProcess
  redis: RedisServer
  inputs: number
  seed: number
  print?: (line: string) => void
}

export interface FuzzReport {
  /** Inputs that were really given, by what they were. */
  readonly counts: Record<string, number>
  readonly violations: string[]
}

/** Shares of all inputs: what needs a connection of its own is dear. */
const SHARES = { functions: 0.6, requests: 0.2, sessions: 0.17, frames: 0.01, 'raw frames': 0.01, 'raw bytes': 0.01 }
const CONNECTIONS = 8
const CHUNK = 64

/** Gives a gateway inputs of every kind, and looks at it before and after. */
export async function fuzz({ gateway, redis, inputs, seed, print = () => {} }: FuzzOptions): Promise<FuzzReport> {
  const { port } = gateway
  const counts: Record<string, number> = {}
  const violations: string[] = []
  const contract = await Contract.read()
  const statuses = new Map<number, number>()

  /** Runs `give` with chunks of inputs on several connections at once until its share is used up. */
  const run = async <Input>(
    what: keyof typeof SHARES,
    arbitrary: fc.Arbitrary<Input>,
    give: (inputs: Input[]) => Promise<void>,
  ) => {
    const wanted = Math.ceil(inputs * SHARES[what])
    const began = performance.now()
    let given = 0
    const worker = async () => {
      while (given < wanted && violations.length < MAX_VIOLATIONS) {
        const chunk = fc.sample(arbitrary, { numRuns: Math.min(CHUNK, wanted - given), seed: seed + given })
        given += chunk.length
        await give(chunk).catch(error =>
          violations.push(`${what}: ${error.message ?? error}; one of ${JSON.stringify(chunk).slice(0, 2000)}`),
        )
        counts[what] = (counts[what] ?? 0) + chunk.length
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, worker))
    const seconds = (performance.now() - began) / 1000
    print(
      `${what.padEnd(12)} ${`${given}`.padStart(8)} inputs in ${seconds.toFixed(1)} s, ${Math.round(given / seconds)}/s`,
    )
  }

  const ask = (requests: FuzzRequest[]) =>
    sendAll(port, requests, (request, answer) => {
      const problem = answer ? contract.judge(request, answer) : 'no answer'
      if (answer) statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      if (problem)
        violations.push(
          `${problem} to ${JSON.stringify({ ...request, body: request.body.toString('latin1').slice(0, 200) }).slice(0, 1500)}`,
        )
    })

  contract.tickets = await buyTickets(gateway, inputs)
  await settle(gateway, redis)
  const before = { descriptors: await descriptors(gateway), heap: NaN, resident: NaN }

  const perFunction = Math.ceil((inputs * SHARES.functions) / Object.keys(properties).length)
  const began = performance.now()
  for (const [what, property] of Object.entries(properties)) {
    const details = fc.check(property, { numRuns: perFunction, seed }) as fc.RunDetails<unknown> // none of them is asynchronous
    counts.functions = (counts.functions ?? 0) + details.numRuns
    if (details.failed) violations.push(`${what}: ${fc.defaultReportMessage(details)}`)
  }
  print(
    `functions    ${`${counts.functions}`.padStart(8)} inputs in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  )

  // What is loaded when it is first needed is there after the first round; only what comes later is growth.
  const first = fc.sample(contract.requests(), { numRuns: Math.min(FIRST_ROUND, inputs), seed: seed - 1 })
  await ask(first)
  counts.requests = first.length
  await settle(gateway, redis)
  before.heap = await heap(gateway)
  before.resident = await resident(gateway)
  await run('requests', contract.requests(), ask)
  await run('sessions', sessionRequests(), async chunk => void (await sendFrames(port, '/ws', chunk)))
  let turn = 0
  await run('frames', anyFrames(), async chunk => {
    for (const frame of chunk) await sendFrames(port, turn++ % 2 === 0 ? '/ws' : '/channels/news/ws', [frame])
  })
  await run('raw frames', rawBytes(), async chunk => {
    for (const bytes of chunk) await sendRawFrames(port, turn++ % 2 === 0 ? '/ws' : '/channels/news/ws', bytes)
  })
  const noise = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map(array => Buffer.from(array)),
    fc.tuple(contract.requests(), fc.nat(200), fc.integer({ min: 0, max: 255 })).map(([request, at, byte]) => {
      const text = Buffer.from(
        `${request.method} ${request.target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc`,
        'latin1',
      )
      text[at % text.length] = byte
      return text
    }),
  )
  await run('raw bytes', noise, async chunk => {
    for (const bytes of chunk) {
      const answer = await sendBytes(port, bytes)
      if (/^HTTP\/1\.1 5/.test(answer))
        violations.push(`raw bytes: ${answer.slice(0, 100)} to ${bytes.toString('latin1')}`)
    }
  })

  if (gateway.process.exitCode !== null)
    violations.push(`the gateway ended with ${gateway.process.exitCode}: ${gateway.output().slice(-2000)}`)
  else {
    await settle(gateway, redis).catch(error => violations.push(`${error.message}`))
    const after = { descriptors: await descriptors(gateway), heap: await heap(gateway) }
    print(
      `descriptors ${before.descriptors} → ${after.descriptors}, heap ${before.heap.toFixed(1)} → ${after.heap.toFixed(1)} MiB, resident ${before.resident} → ${await resident(gateway)} MiB`,
    )
    print(`statuses ${JSON.stringify(Object.fromEntries([...statuses].sort(([a], [b]) => a - b)))}`)
    if (after.descriptors > before.descriptors + 3)
      violations.push(`descriptors grew from ${before.descriptors} to ${after.descriptors}`)
    if (after.heap > before.heap + HEAP_GROWTH_MIB)
      violations.push(`the heap grew from ${before.heap} to ${after.heap} MiB`)
  }
  return { counts, violations }
}

/** Real tickets, each of which opens one stream once. */
async function buyTickets({ url }: GatewayProcess, inputs: number): Promise<string[]> {
  const tickets: string[] = []
  for (let i = 0; i < Math.min(1000, Math.ceil(inputs / 100)); i++) {
    const answer = await fetch(`${url}/tickets`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"channels":["news","kept"],"patterns":["chat:*"],"rights":["subscribe","publish"],"seconds":60}',
    })
    tickets.push(((await answer.json()) as { ticket: string }).ticket) // as the contract says
  }
  return tickets
}

const MAX_VIOLATIONS = 20
const FIRST_ROUND = 2000
const HEAP_GROWTH_MIB = 24

/** Resolves when no connection of the fuzz is left and nothing is subscribed any more. */
async function settle(gateway: GatewayProcess, redis: RedisServer): Promise<void> {
  await until(
    async () => {
      const channels = await redis.cli('PUBSUB', 'CHANNELS')
      return channels.split('\n').every(name => name === '' || name.startsWith('carillon:'))
    },
    'no subscription stays in Redis',
    { seconds: 60 },
  )
  await until(async () => (await redis.cli('PUBSUB', 'NUMPAT')) === '0', 'no pattern stays in Redis', { seconds: 60 })
  let last = -1
  await until(
    async () => {
      const now = await descriptors(gateway)
      const same = now === last
      last = now
      return same
    },
    'the number of descriptors stands still',
    { seconds: 60 },
  )
}

const descriptors = async ({ process }: GatewayProcess): Promise<number> =>
  (await readdir(`/proc/${process.pid}/fd`)).length

/** In MiB. */
async function resident({ process }: GatewayProcess): Promise<number> {
  const status = await readFile(`/proc/${process.pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
}

/** The smallest of some looks, in MiB: between two collections it only grows. */
async function heap({ url }: GatewayProcess): Promise<number> {
  const looks: number[] = []
  for (let i = 0; i < 40; i++) {
    const text = await (await fetch(`${url}/metrics`)).text()
    looks.push(Number(/nodejs_heap_size_used_bytes(?:\{[^}]*\})? ([\d.e+]+)/.exec(text)?.[1] ?? 0) / 2 ** 20)
  }
  return Math.min(...looks)
}
