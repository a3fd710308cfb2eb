import { createHash } from 'node:crypto'
import type { Idempotency, Publication } from '../messages/message.js'
import { Problem } from '../protocol/problems.js'
import type { PublishResult } from '../protocol/publish-result.js'

/*
 * Idempotency-Key, draft-ietf-httpapi-idempotency-key-header-07: a request that is sent again with
 * its key is executed once, and answered as it was the first time.
 */

/**
 * The key in the header, a string of RFC 8941 section 3.3.3. Its quotes may be missing, as in many clients.
 * @throws Problem `invalid-idempotency-key`
 */
export function readIdempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header !== 'string')
    throw new Problem('invalid-idempotency-key', 'There is more than one Idempotency-Key header.')
  const quoted = QUOTED.exec(header)?.[1]
  return requireKey(quoted === undefined ? header : quoted.replace(/\\(["\\])/g, '$1'), quoted !== undefined)
}

/**
 * The key as JSON carries it.
 * @throws Problem `invalid-idempotency-key`
 */
export function requireKey(key: string, isQuoted = true): string {
  if (!(isQuoted ? KEY : BARE_KEY).test(key))
    throw new Problem('invalid-idempotency-key', describeKeyFault(key, isQuoted))
  return key
}

function describeKeyFault(key: string, isQuoted: boolean): string {
  if (key === '') return 'The Idempotency-Key is empty. Use 1 to 255 visible ASCII characters.'
  if (key.length > 255) return `The Idempotency-Key has ${key.length} characters; at most 255 are allowed.`
  const at = key.search(isQuoted ? /[^ -~]/ : /[^!#-+\--[\]-~]/)
  return `The Idempotency-Key contains an invalid character (${JSON.stringify(key[at])} at position ${at + 1}).`
}

const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/
const KEY = /^[ -~]{1,255}$/
/** No quotes, no backslash, and no comma, by which two headers are joined. */
const BARE_KEY = /^[!#-+\--[\]-~]{1,255}$/

/** A valid idempotency key, as a publisher gave it. */
export interface GivenKey {
  readonly key: string
  /** Where one key covers a whole batch: which of its messages this is, and the `batchFingerprint` of the whole. */
  readonly part?: { readonly place: number; readonly batch: string } | undefined
}

interface Keyed extends GivenKey {
  /** The publisher. The same key of another caller is another key. */
  readonly caller: string
}

/** The publication, to be executed once for the key. */
export function withKey(publication: Publication, { key, caller, part }: Keyed): Publication {
  const { event, data } = publication
  const idempotency: Idempotency = {
    key: digest(caller, key, part ? `${part.place}` : ''),
    // A batch is another one as soon as one of its messages is.
    fingerprint: part ? part.batch : digest(event === undefined ? '' : `${event}\0`, data),
  }
  return { ...publication, idempotency }
}

/** Of the body of a batch. Taken once: a batch may be a megabyte, and have a thousand messages. */
export const batchFingerprint = (body: Buffer): string => digest(body)

/** 132 bits, in 22 characters. No part has a NUL but the last. */
const digest = (...parts: (string | Buffer)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('base64url').slice(0, 22)
}

/**
 * Keys whose publication has not been answered yet at this gateway. A second request with such a
 * key gets a problem instead of racing the first. Other gateways are not asked: there the broker
 * itself sees to it that only one is executed.
 */
export class InFlight {
  readonly #keys = new Set<string>()

  /** Publishes those whose key is not in flight. The results are in the order of the publications. */
  async publish(
    publications: readonly Publication[],
    publish: (publications: readonly Publication[]) => Promise<PublishResult[]>,
  ): Promise<PublishResult[]> {
    const taken: string[] = []
    const free = publications.map(publication => {
      const key = keyOf(publication)
      if (key === undefined) return true
      if (this.#keys.has(key)) return false
      this.#keys.add(key)
      taken.push(key)
      return true
    })
    try {
      const wanted = publications.filter((_, i) => free[i])
      // With nothing to publish it would wait for what others publish in the same tick.
      const results = (wanted.length === 0 ? [] : await publish(wanted)).values()
      return free.map(isFree =>
        isFree ? (results.next().value ?? { problem: 'internal-error' }) : { problem: 'idempotency-key-in-flight' },
      )
    } finally {
      for (const key of taken) this.#keys.delete(key)
    }
  }
}

const keyOf = ({ channel, idempotency }: Publication): string | undefined =>
  idempotency && `${channel} ${idempotency.key}`
