import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createAccess } from '../../src/access/create-access.js'
import { rereadConfigFiles } from '../../src/access/watched-file.js'
import { type Config, defaultConfig } from '../../src/config/config.js'
import { silentLogger } from '../../src/telemetry/logger.js'
import { openWebSocket } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { bearer, ec, jwkOf, rsa, secret, sign } from '../support/tokens.js'
import { until } from '../support/until.js'

const claims = { carillon: { subscribe: ['news'] } }
const byRsa = () => sign({ alg: 'RS256', key: rsa.privateKey, claims })
const byEc = () => sign({ alg: 'ES256', key: ec.privateKey, claims })
const setOf = (...pairs: (typeof rsa)[]) => JSON.stringify({ keys: pairs.map(pair => jwkOf(pair)) })

/** Access with a file that a test changes, and a look at who is taken and what was logged as an error. */
async function setUp(t: Test, setting: 'JWT_KEYS_FILE' | 'JWT_SECRET_FILE', text: string) {
  const path = join(t.testdir(), 'file')
  // In one step, so that nobody finds half of it there; and looked at now, and not when its time comes.
  const write = async (text: string) => {
    await writeFile(`${path}.new`, text)
    await rename(`${path}.new`, path)
    rereadConfigFiles()
  }
  await write(text)
  const errors: object[] = []
  const log = { ...silentLogger, error: (fields: object) => void errors.push(fields) }
  const config: Config = { ...defaultConfig, [setting]: path }
  const access = await createAccess(config, { log })
  t.teardown(() => access.close())
  const takes = async (token: string) => {
    try {
      await access.authenticate(token)
      return true
    } catch {
      return false
    }
  }
  return { write, errors, access, takes }
}

t.test('public keys that join the file are good, those that leave it are not', async t => {
  const path = join(t.testdir(), 'keys.json')
  await writeFile(path, setOf(rsa))
  const { url } = await build(t, { config: { JWT_KEYS_FILE: path } })
  const [a, b] = [bearer(await byRsa()), bearer(await byEc())]
  const status = async (headers: Record<string, string>) => {
    const answer = await fetch(`${url}/channels/news/events`, { headers })
    await answer.body?.cancel()
    return answer.status
  }
  const stream = await openWebSocket(t, `${url}/channels/news/ws`, { headers: a })
  t.same([await status(a), await status(b)], [200, 401])
  await writeFile(path, setOf(rsa, ec))
  await until(async () => (await status(b)) === 200, 'the new key is there')
  t.equal(await status(a), 200, 'the old one is good as well')
  t.equal(stream.socket.readyState, stream.socket.OPEN, 'and nobody was disturbed')
  await writeFile(path, setOf(ec))
  rereadConfigFiles()
  t.match(await stream.closed, { code: 1008, reason: /access_revoked/ })
  t.same([await status(a), await status(b)], [401, 200])
})

t.test('a file of keys that cannot be used any more changes nothing, and is logged', async t => {
  const { write, errors, takes } = await setUp(t, 'JWT_KEYS_FILE', setOf(rsa))
  const token = await byRsa()
  t.ok(await takes(token))
  for (const [broken, reason] of [
    ['{"keys":[', /neither PEM nor JSON/],
    ['{"keys":[]}', /no key for RS256/],
    [JSON.stringify(rsa.privateKey.export({ format: 'jwk' })), /private key/],
  ] as const) {
    errors.length = 0
    await write(broken)
    t.match(errors, [{ setting: 'JWT_KEYS_FILE', reason }])
    t.notMatch(JSON.stringify(errors), /"d"|keys":/, 'without what stands in it')
    t.ok(await takes(token), 'a token that was checked before')
    t.ok(
      await takes(await sign({ alg: 'RS256', key: rsa.privateKey, claims: { ...claims, jti: broken } })),
      'a new one',
    )
  }
  await write(setOf(ec))
  t.ok(await takes(await byEc()), 'the file is good again')
  t.notOk(await takes(token))
})

t.test('shared secrets are exchanged without a moment at which neither is good', async t => {
  const next = 'another secret of more than thirty-two bytes'
  const { write, errors, takes, access } = await setUp(t, 'JWT_SECRET_FILE', `${secret}\n`)
  const [old, young] = [await sign({ claims }), await sign({ claims, key: Buffer.from(next) })]
  const caller = await access.authenticate(old)
  t.notOk(await takes(young))
  await write(`${secret}\n${next}\n`)
  t.ok(await takes(young), 'both are good')
  t.ok(await takes(old))
  await write('short\n')
  t.match(errors, [{ setting: 'JWT_SECRET_FILE', reason: /at least 32 bytes/ }])
  t.same([await takes(old), await takes(young)], [true, true])
  await write(`${next}\n`)
  t.notOk(await takes(old), 'the old one is gone')
  t.ok(await takes(young))
  t.equal(caller.credential.revoked, true, 'and with it whom it signed for')
})

t.test('of a file that is being written, no half is taken for the whole', async t => {
  const path = join(t.testdir(), 'keys.json')
  const whole = setOf(rsa, ec)
  await writeFile(path, setOf(rsa))
  const { url } = await build(t, { config: { JWT_KEYS_FILE: path } })
  const [a, b] = [bearer(await byRsa()), bearer(await byEc())]
  const stream = await openWebSocket(t, `${url}/channels/news/ws`, { headers: a })
  for (let length = 0; length < whole.length; length += 7) {
    await writeFile(path, whole.slice(0, length))
    rereadConfigFiles()
  }
  const status = async (headers: Record<string, string>) => {
    const answer = await fetch(`${url}/channels/news/events`, { headers })
    await answer.body?.cancel()
    return answer.status
  }
  t.same([await status(a), await status(b)], [200, 401])
  await writeFile(path, whole)
  rereadConfigFiles()
  t.same([await status(a), await status(b)], [200, 200])
  t.equal(stream.socket.readyState, stream.socket.OPEN)
})
