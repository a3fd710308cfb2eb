import t, { type Test } from 'tap'
import { RedisBroker } from '../../../../src/brokers/redis/broker.js'
import { ConfigError } from '../../../../src/config/config.js'
import { silentLogger } from '../../../../src/telemetry/logger.js'
import { Authority, type Certificate } from '../../../support/certificates.js'
import { freePort } from '../../../support/ports.js'
import { startRedis } from '../../../support/redis.js'
import { startOnUnavailableRedis } from '../../../support/unavailable-redis.js'

const NOT_TRUSTED = 'the certificate of Redis is not trusted, or not made out to this host; see REDIS_CA_FILE'

/** A Redis that speaks TLS at one port, and plainly at another one, for redis-cli. */
async function startTls(t: Test, ca: Certificate, { cert, key }: Certificate, port?: number, ...args: string[]) {
  const at = port ?? (await freePort())
  const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', ca.cert]
  const redis = await startRedis(t, {
    args: ['--tls-port', `${at}`, '--tls-auth-clients', 'no', ...files, ...args],
  })
  return { redis, port: at, url: `rediss://127.0.0.1:${at}` }
}

t.test('works over TLS with an authority of its own', async t => {
  const ca = await Authority.make(t)
  const { port } = await startTls(t, ca, await ca.issue('IP:127.0.0.1', 'DNS:localhost'))
  for (const host of ['127.0.0.1', 'localhost']) {
    const { broker, expectRecovery } = await startOnUnavailableRedis(t, {
      url: `rediss://${host}:${port}`,
      tls: { ca: ca.cert },
    })
    await expectRecovery()
    await broker.close()
  }
})

t.test('trusts no certificate of another authority, until Redis has one of the right one', async t => {
  const [ca, other] = [await Authority.make(t), await Authority.make(t)]
  const { redis, url } = await startTls(t, other, await other.issue('IP:127.0.0.1'))
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, { url, tls: { ca: ca.cert } })
  await expectUnavailable(NOT_TRUSTED)
  const { cert, key } = await ca.issue('IP:127.0.0.1')
  await redis.cli('CONFIG', 'SET', 'tls-cert-file', cert, 'tls-key-file', key)
  await expectRecovery()
})

t.test('trusts only the configured certificate authorities', async t => {
  const ca = await Authority.make(t)
  const { url } = await startTls(t, ca, await ca.issue('IP:127.0.0.1'))
  const { expectUnavailable } = await startOnUnavailableRedis(t, { url })
  await expectUnavailable(NOT_TRUSTED)
})

t.test('trusts no certificate that is made out to another host, until Redis has its own', async t => {
  const ca = await Authority.make(t)
  const { redis, url } = await startTls(t, ca, await ca.issue('DNS:other.example'))
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, { url, tls: { ca: ca.cert } })
  await expectUnavailable(NOT_TRUSTED)
  const { cert, key } = await ca.issue('IP:127.0.0.1')
  await redis.cli('CONFIG', 'SET', 'tls-cert-file', cert, 'tls-key-file', key)
  await expectRecovery()
})

t.test('shows its client certificate where Redis asks for one', async t => {
  const ca = await Authority.make(t)
  const { url } = await startTls(t, ca, await ca.issue('IP:127.0.0.1'), undefined, '--tls-auth-clients', 'yes')
  const tls = { ca: ca.cert, ...(await ca.issue('DNS:gateway')) }
  const { expectRecovery } = await startOnUnavailableRedis(t, { url, tls })
  await expectRecovery()
})

t.test('says that the handshake failed without a client certificate, until Redis asks for none', async t => {
  const ca = await Authority.make(t)
  const started = await startTls(t, ca, await ca.issue('IP:127.0.0.1'), undefined, '--tls-auth-clients', 'yes')
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, {
    url: started.url,
    tls: { ca: ca.cert },
  })
  await expectUnavailable(/REDIS_CERT_FILE/)
  await started.redis.cli('CONFIG', 'SET', 'tls-auth-clients', 'no')
  await expectRecovery()
})

t.test('says that TLS does not meet TLS at a plain port, until it does', async t => {
  const ca = await Authority.make(t)
  const redis = await startRedis(t)
  const url = `rediss://127.0.0.1:${redis.port}`
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, {
    url,
    tls: { ca: ca.cert },
    timeout: 500,
  })
  await expectUnavailable(/TLS on both sides/)
  await redis.stop()
  await startTls(t, ca, await ca.issue('IP:127.0.0.1'), redis.port)
  await expectRecovery()
})

t.test('says that the other side may want TLS, until it speaks plainly', async t => {
  const ca = await Authority.make(t)
  const { redis, port } = await startTls(t, ca, await ca.issue('IP:127.0.0.1'))
  const { expectUnavailable, expectRecovery } = await startOnUnavailableRedis(t, { url: `redis://127.0.0.1:${port}` })
  await expectUnavailable(/TLS/)
  await redis.stop()
  await startRedis(t, { port })
  await expectRecovery()
})

t.test('does not start with a file that cannot be read', async t => {
  const ca = await Authority.make(t)
  for (const [name, tls] of Object.entries({
    REDIS_CA_FILE: { ca: '/nowhere/ca.pem' },
    REDIS_CERT_FILE: { ca: ca.cert, cert: '/nowhere/cert.pem', key: ca.key },
    REDIS_KEY_FILE: { ca: ca.cert, cert: ca.cert, key: '/nowhere/key.pem' },
  }))
    t.throws(
      () => new RedisBroker({ url: 'rediss://127.0.0.1', timeout: 900, tls }, silentLogger),
      new ConfigError(`${name} cannot be read: ENOENT`),
    )
})

t.test('does not start with files that hold no certificate, or not the key to it', async t => {
  const ca = await Authority.make(t)
  const [one, other] = [await ca.issue('DNS:one'), await ca.issue('DNS:other')]
  for (const tls of [{ ca: ca.key }, { cert: one.cert, key: other.key }, { cert: one.cert }, { key: one.key }])
    t.throws(() => new RedisBroker({ url: 'rediss://127.0.0.1', timeout: 900, tls }, silentLogger), ConfigError)
})
