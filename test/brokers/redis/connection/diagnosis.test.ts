import t from 'tap'
import { diagnose } from '../../../../src/brokers/redis/connection/diagnosis.js'

/** Errors as Redis, Node and ioredis word them, and the words that an operator needs. */
const CASES: readonly (readonly [message: string, code: string | undefined, words: RegExp])[] = [
  ['WRONGPASS invalid username-password pair or user is disabled.', undefined, /refuses the user name or the password/],
  ['ERR invalid username-password pair', undefined, /refuses the user name or the password/],
  ['NOAUTH Authentication required.', undefined, /asks for a password/],
  [
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used',
    undefined,
    /asks for a password/,
  ],
  [
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    undefined,
    /one too many/,
  ],
  ["NOPERM this user has no permissions to run the 'subscribe' command", undefined, /lacks a right/],
  [
    'All sentinels are unreachable. Retrying from scratch after 12ms. Last error: connect ECONNREFUSED 127.0.0.1:26379',
    undefined,
    /no Sentinel can be reached/,
  ],
  [
    'All sentinels are unreachable. Retrying from scratch after 12ms. Last error: WRONGPASS invalid username-password pair or user is disabled.',
    undefined,
    /Sentinels refuse .* REDIS_SENTINEL_PASSWORD/,
  ],
  [
    'All sentinels are unreachable. Retrying from scratch after 12ms. Last error: NOAUTH Authentication required.',
    undefined,
    /Sentinels refuse .* REDIS_SENTINEL_PASSWORD/,
  ],
  ['self-signed certificate in certificate chain', 'SELF_SIGNED_CERT_IN_CHAIN', /certificate .* not trusted/],
  ['unable to verify the first certificate', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', /certificate .* not trusted/],
  ['certificate has expired', 'CERT_HAS_EXPIRED', /certificate .* not trusted/],
  [
    "Hostname/IP does not match certificate's altnames: IP: 10.1.2.3 is not in the cert's list: ",
    'ERR_TLS_CERT_ALTNAME_INVALID',
    /not made out to this host/,
  ],
  [
    '80EB:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/ssl/record/ssl3_record.c:355:',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    /TLS on both sides/,
  ],
  [
    '80ACC20CE77F0000:error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 116',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
    /REDIS_CERT_FILE/,
  ],
  ['connect ECONNREFUSED 10.1.2.3:6379', 'ECONNREFUSED', /nothing listens/],
  ['getaddrinfo ENOTFOUND redis.example', 'ENOTFOUND', /does not resolve/],
  ['getaddrinfo EAI_AGAIN redis.example', 'EAI_AGAIN', /does not resolve/],
  ['connect EHOSTUNREACH 10.1.2.3:6379', 'EHOSTUNREACH', /no route/],
  ['connect ENOENT /run/redis.sock', 'ENOENT', /Unix socket/],
  ['connect EACCES /run/redis.sock', 'EACCES', /Unix socket/],
  ['connect ETIMEDOUT', 'ETIMEDOUT', /does not answer in time/],
  ['Socket timeout. Expecting data, but didn’t receive any in 2700ms.', undefined, /does not answer in time/],
  ['LOADING Redis is loading the dataset in memory', undefined, /loading its data/],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", undefined, /no working master/],
  ['CLUSTERDOWN The cluster is down', undefined, /no working master/],
  ['read ECONNRESET', 'ECONNRESET', /closes the connection/],
  ['Connection is closed.', undefined, /closes the connection/],
  ['something that nobody has foreseen at 10.1.2.3 for user bob', undefined, /the log has the cause/],
]

for (const [message, code, words] of CASES)
  t.test(`has words of its own for: ${message}`, async t => {
    const meaning = diagnose(Object.assign(new Error(message), code !== undefined && { code }))
    t.match(meaning, words)
    t.notMatch(
      meaning,
      /10\.1\.2\.3|redis\.example|\/run\/|bob|WRONGPASS|NOAUTH|NOPERM|ERR /,
      'nothing of the original',
    )
  })

t.test('hints at TLS when a connection that never was up is closed or not answered', async t => {
  const closed = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  const silent = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' })
  t.match(diagnose(closed, { first: 'plain' }), /rediss:/)
  t.match(diagnose(closed, { first: 'tls' }), /TLS on both sides/)
  t.match(diagnose(silent, { first: 'tls' }), /TLS on both sides/)
  t.equal(diagnose(silent, { first: 'plain' }), diagnose(silent))
})
