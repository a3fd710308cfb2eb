import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { alternate, CONNECTIONS, spread, timePublishes } from './publishes.js'
import { startRedis, systems } from './servers.js'

/*
 * The cost of authentication for a publish: one Redis, one gateway without access rules and one with, and in
 * each round the same number of publishes in every mode, in turns. Ratios are to a mode of the same round.
 *
 *     npm run build && npm run bench:access [publishes] [rounds]
 */
const [publishes = 5000, rounds = 5] = process.argv.slice(2).map(Number)
const body = Buffer.alloc(100, 'x')

const secret = randomBytes(48)
const pairs = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
}
const key = `carillon_${randomBytes(32).toString('base64url')}`

const bearer = token => ({ authorization: `Bearer ${token}` })
const sign = (alg, jti) =>
  new SignJWT({ carillon: { publish: ['bench'] }, jti })
    .setProtectedHeader({ alg })
    .setSubject('7')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(pairs[alg]?.privateKey ?? Buffer.from(secret.toString('base64')))

let made = 0
/** As many tokens as there are publishes, none of which was ever seen. */
const newTokens = alg => async () => {
  const tokens = []
  for (let i = 0; i < publishes; i++) tokens.push(await sign(alg, `${made++}`))
  return i => bearer(tokens[i])
}
/** The same for all publishes. */
const always = headers => async () => () => headers

const NO_RULES = 'no access rules'
const RATE = 'no access rules, a publish rate'
const API_KEY = 'API key'
const MODES = {
  [NO_RULES]: always({}),
  [RATE]: always({}),
  [API_KEY]: always(bearer(key)),
  'token, seen before': always(bearer(await sign('RS256', 'always'))),
  'new token, HS256': newTokens('HS256'),
  'new token, RS256': newTokens('RS256'),
  'new token, ES256': newTokens('ES256'),
  'new token, EdDSA': newTokens('EdDSA'),
}

const home = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
const keys = Object.values(pairs).map(({ publicKey }) => publicKey.export({ format: 'jwk' }))
writeFileSync(join(home, 'keys.json'), JSON.stringify({ keys }))
const entry = { name: 'bench', sha256: createHash('sha256').update(key).digest('hex'), publish: ['bench'] }

const redis = await startRedis()
if (!redis) throw new Error('this bench needs redis-server')
// A busy machine must not turn the figures into refusals.
const settings = { REDIS_TIMEOUT_MS: '10000' }
const open = await systems.gateway(redis.port, settings)
const rated = await systems.gateway(redis.port, { ...settings, PUBLISH_RATE: '1000000/s' })
const guarded = await systems.gateway(redis.port, {
  ...settings,
  API_KEYS: JSON.stringify([entry]),
  JWT_SECRET: secret.toString('base64'),
  JWT_KEYS_FILE: join(home, 'keys.json'),
})

try {
  const results = await alternate(Object.keys(MODES), rounds, async name => {
    const { port, pid } = name === NO_RULES ? open : name === RATE ? rated : guarded
    const headersOf = await MODES[name]() // signing is not measured
    return timePublishes({ port, path: '/channels/bench', body, publishes, pids: { gateway: pid }, headersOf })
  })
  console.log(`${publishes} publishes in each of ${rounds} rounds, ${CONNECTIONS} connections; medians (range)`)
  console.table(
    Object.fromEntries(
      Object.entries(results).map(([name, figures]) => {
        const against = mode => spread(figures.map(({ gateway }, round) => gateway / results[mode][round].gateway))
        return [
          name,
          {
            'µs of wall': spread(figures.map(({ wall }) => wall)),
            'µs of gateway': spread(figures.map(({ gateway }) => gateway)),
            '/ no access rules': against(NO_RULES),
            '/ API key': against(API_KEY),
          },
        ]
      }),
    ),
  )
} finally {
  await open.stop()
  await rated.stop()
  await guarded.stop()
  await redis.stop()
  rmSync(home, { recursive: true })
}
