import t from 'tap'
import { cleanError, withoutSecrets } from '../../src/telemetry/clean-error.js'

t.test('hides what is often secret in a text', async t => {
  for (const [text, shown] of [
    ['connect to redis://gw:s3cr3t@127.0.0.1:6379/0 failed', 'connect to redis://127.0.0.1:6379/0 failed'],
    ['redis://gw:s3@cr3t@127.0.0.1', 'redis://127.0.0.1'],
    ['https://issuer.example/jwks?key=s3cr3t is away', 'https://issuer.example/jwks?… is away'],
    [
      "ERR unknown command 'HELLO', with args beginning with: '3' 's3cr3t'",
      "ERR unknown command 'HELLO', with args beginning with: …",
    ],
    [jsonError('s3cr3t\nmore'), 'Unexpected token … is not valid JSON'],
    ['nothing to hide @ all?', 'nothing to hide @ all?'],
  ] as const)
    t.equal(withoutSecrets(text), shown)
})

function jsonError(text: string): string {
  try {
    return JSON.parse(text)
  } catch (error) {
    return (error as Error).message
  }
}

t.test('keeps known fields of an error, and of its causes', async t => {
  const cause = Object.assign(new TypeError('redis://gw:s3cr3t@a'), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
    command: 's3cr3t',
  })
  const clean = cleanError(Object.assign(new Error('failed', { cause }), { args: ['s3cr3t'] }))
  t.strictSame(Object.keys(clean), ['cause'])
  t.match(clean, { name: 'Error', message: 'failed', stack: /^Error: failed\n +at / })
  t.strictSame(Object.keys(clean.cause as Error), ['code', 'syscall'])
  t.match(clean.cause, { name: 'TypeError', message: 'redis://a', code: 'ECONNREFUSED', syscall: 'connect' })
})

t.test('takes errors that refer to themselves, and values that are not errors', async t => {
  const error = new Error('round')
  error.cause = error
  t.equal(cleanError(error).message, 'round')
  t.equal(cleanError('redis://gw:s3cr3t@a').message, 'redis://a')
  t.equal(cleanError(undefined).message, 'undefined')
})
