import { randomBytes } from 'node:crypto'

/** Ids for requests: counted, after a beginning that no other process has. */
export function requestIds(): () => string {
  const process = randomBytes(6).toString('base64url')
  let count = 0
  return () => `${process}-${(++count).toString(36)}`
}
