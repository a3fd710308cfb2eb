import assert from 'node:assert/strict'
import { cp, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageFile } from '../../src/support/package.js'
import { openSse } from '../support/clients.js'
import { startGateway } from '../support/gateway.js'
import { type Check, KEY, KEYED } from './check.js'
import { GENERATORS, type Generator, generate } from './generators.js'
import { room, run } from './workshop.js'

/** A program prints the name of each step when it has passed. */
const STEPS = ['text', 'json', 'bytes', 'retry', 'batch', 'list', 'counts', 'page', 'gap', 'ticket', 'problem']

/** What must be in the history after the scenario, byte for byte: `[event, data, encoding]`. */
const PUBLISHED = [
  [undefined, 'Grüße, "world"', undefined],
  ['price', '{ "price": 42.50 }', undefined],
  [undefined, Buffer.from([0, 255, 128, 10, 34]).toString('base64'), 'base64'],
  [undefined, 'once', undefined],
  [undefined, 'from a batch', undefined],
]

/** The scenario's folder of a generator, without what an earlier run left there. */
export async function newRoom(name: string): Promise<string> {
  const folder = room(name)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  return folder
}

/** One for each generator. */
export const scenarios: readonly Check[] = GENERATORS.map(generator => ({
  ...generator,
  pass: t => passScenario(generator, t),
}))

/**
 * Generates a client, compiles the program of the generator with it, and runs that against a gateway.
 * @throws Error when any of these fails, or when the gateway did not get what the program has sent
 */
async function passScenario(generator: Generator, t: Pick<Test, 'teardown'>): Promise<void> {
  const { name, language } = generator
  const folder = await newRoom(name)
  const programs = packageFile(`test/clients/programs/${name}`)
  const [program = ''] = await readdir(programs)
  await cp(join(programs, program), join(folder, program))
  await generate(generator, folder)
  const command = await generator.compile(folder, program)

  const channel = `clients.${name}`
  const headers = { authorization: `Bearer ${KEY}` }
  const { url } = await startGateway(t, KEYED)
  const listener = await openSse(t, `${url}/channels/${channel}/events`, headers)
  const environment = { CARILLON_URL: url, CARILLON_TOKEN: KEY, CHANNEL: channel }
  const passed = (await run(command, folder, environment)).split('\n').filter(line => line !== '')
  // Only the HTTP client of Java in openapi-generator cannot read an answer that is neither JSON nor a file.
  assert.deepEqual(passed, name === 'java-native' ? STEPS : [...STEPS, 'stream'], `${language}: the steps that passed`)

  const kept = await fetch(`${url}/channels/${channel}/messages?since=all`, { headers })
  const { messages } = (await kept.json()) as { messages: { event?: string; data: string; encoding?: string }[] }
  assert.deepEqual(
    messages.map(({ event, data, encoding }) => [event, data, encoding]),
    PUBLISHED,
    'the messages that arrived',
  )
  assert.equal((await listener.next()).data, PUBLISHED[0]?.[1])
}
