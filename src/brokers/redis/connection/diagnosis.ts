/**
 * What is wrong with a connection, for the operator: in the log and on `/readyz`. The words are
 * ours; an error text of Redis may contain names and addresses that must not leak.
 */
export function diagnose(error: Error & { code?: string }, { first }: DiagnosisContext = {}): string {
  const text = `${error.code ?? ''} ${error.message}`
  const [, meaning] = MEANINGS.find(([rule]) => rule.test(text)) ?? []
  if (first === 'tls' && (meaning === CLOSED || meaning === SILENT)) return HANDSHAKE
  if (first === 'plain' && meaning === CLOSED)
    return 'Redis closes the connection at once: does it ask for TLS (rediss://)?'
  return meaning ?? 'Redis cannot be used; the log has the cause'
}

interface DiagnosisContext {
  /** The connection has never been up, so that it may be the settings: over what it was tried. */
  readonly first?: 'tls' | 'plain' | undefined
}

const CLOSED = 'Redis closes the connection'
const SILENT = 'Redis does not answer in time'
const HANDSHAKE =
  'the TLS handshake with Redis failed: is it TLS on both sides, and does Redis ask for a client certificate (REDIS_CERT_FILE)?'

const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [
    /^(?=.*All sentinels are unreachable).*(?:WRONGPASS|NOAUTH|NOPERM|without any password|username-password)/is,
    'the Sentinels refuse the gateway; see REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD',
  ],
  [/WRONGPASS|invalid username-password/i, 'Redis refuses the user name or the password'],
  [/NOAUTH|without any password configured/i, 'Redis asks for a password, and REDIS_URL has none or one too many'],
  [/NOPERM/, 'the Redis user lacks a right that the gateway needs; docs/deploy.md lists them'],
  [/All sentinels are unreachable/i, 'no Sentinel can be reached, or none knows the master'],
  [/_ALERT_/, HANDSHAKE],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/,
    'the certificate of Redis is not trusted, or not made out to this host; see REDIS_CA_FILE',
  ],
  [/EPROTO|wrong version number|ssl3_|tlsv1|socket disconnected before secure TLS/i, HANDSHAKE],
  [/ECONNREFUSED/, 'nothing listens at the address of Redis'],
  [/ENOTFOUND|EAI_AGAIN/, 'the host name of Redis does not resolve'],
  [/EHOSTUNREACH|ENETUNREACH/, 'there is no route to Redis'],
  [/ENOENT|EACCES/, 'the Unix socket of Redis does not exist or may not be opened'],
  [/ETIMEDOUT|Socket timeout/, SILENT],
  [/\bBUSY /, 'Redis is busy with a script'],
  [/LOADING/, 'Redis is loading its data'],
  [/MASTERDOWN|CLUSTERDOWN/, 'the Redis deployment has no working master now'],
  [/ECONNRESET|EPIPE|Connection is closed|closed/i, CLOSED],
]
