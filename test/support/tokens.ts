import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'

/** Keys of an issuer, made anew in each run. */
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const ed = generateKeyPairSync('ed25519')
export const secret = 'a secret of more than thirty-two bytes'

export interface TokenOptions {
  alg?: string
  key?: KeyObject | Uint8Array
  header?: Record<string, unknown>
  /** Claims; those that are undefined are left out. By default it is good for an hour. */
  claims?: object
}

const inAnHour = () => Math.floor(Date.now() / 1000) + 3600

/** A token that jose has signed. */
export function sign({ alg = 'HS256', key = Buffer.from(secret), header = {}, claims = {} }: TokenOptions = {}) {
  const payload = JSON.parse(JSON.stringify({ sub: '7', iat: inAnHour() - 3600, exp: inAnHour(), ...claims }))
  return new SignJWT(payload).setProtectedHeader({ alg, ...header }).sign(key)
}

/** A token that no library would make. */
export function forge(header: object, claims: object = {}, hmacKey?: string | Buffer): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const content = `${part(header)}.${part({ sub: '7', exp: inAnHour(), ...claims })}`
  const signature = hmacKey === undefined ? '' : createHmac('sha256', hmacKey).update(content).digest('base64url')
  return `${content}.${signature}`
}

export const jwkOf = ({ publicKey }: { publicKey: KeyObject }, kid?: string): Record<string, unknown> => ({
  ...publicKey.export({ format: 'jwk' }),
  ...(kid && { kid }),
})

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
