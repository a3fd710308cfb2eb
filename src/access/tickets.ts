import { createHash, randomBytes } from 'node:crypto'
import type { EphemeralStore } from '../brokers/ephemeral-store.js'
import { patternTopic } from '../messages/topic.js'
import { invalidCredentials, WorkBudget } from './authorization.js'
import type { Caller, Credential } from './caller.js'
import { Grants, RIGHTS, type Rules } from './grants.js'

/** A ticket is allowed in a URL, because it has been used by the time it appears in a log. */
export const MAX_TICKET_SECONDS = 60

/** The content of a ticket: its maker, within narrower bounds. */
interface Stub {
  readonly id: string
  readonly name: string
  readonly rules: Rules
  /** Absent: not by itself. */
  readonly expiresAt?: number | undefined
  readonly proof: string
}

/** The current state of the caller that made a ticket. */
export interface Maker {
  readonly credential: Credential
  /** Its current rights; undefined when they are in the token and cannot have changed. */
  readonly grants?: Grants
  /** The same of when it ends, as `Caller` has it. */
  readonly expiresAt?: number
}

/** A cookie for the browser that has spent the ticket, for when its `EventSource` reconnects with the same URL. */
export interface Pass {
  readonly name: string
  readonly value: string
  readonly seconds: number
}

/**
 * Tickets and what becomes of them.
 *
 *     POST /tickets ─▶ ticket, in the ephemeral store for at most 60 s
 *     GET …?ticket= ─▶ taken out of the ephemeral store: it is spent; a pass goes into the ephemeral store, and as a cookie to the browser
 *     GET …?ticket= ─▶ the ticket is not there any more; the pass is, until the rights of its maker end
 *
 * The ephemeral store only holds hashes of tickets and passes, so reading it does not help to use them.
 */
export class Tickets {
  readonly #store: EphemeralStore
  readonly #restore: (proof: string) => Maker | undefined

  /** @param restore finds a ticket's maker again by its credential, on any gateway; undefined when that is gone */
  constructor(ephemeralStore: EphemeralStore, restore: (proof: string) => Maker | undefined) {
    this.#store = ephemeralStore
    this.#restore = restore
  }

  /** A ticket for the rights in `rules`. The calling code must have checked that `caller` has them. */
  async issue({ id, name, expiresAt, credential: { proof } }: Caller, rules: Rules, seconds: number): Promise<string> {
    const stub: Stub = { id, name, rules, proof, ...(Number.isFinite(expiresAt) && { expiresAt }) }
    // Tickets of one maker for one thing share the pass of a browser, so that cookies do not pile up there.
    const tag = hash(JSON.stringify([id, rules])).slice(0, TAG_LENGTH)
    const ticket = `${tag}.${secret()}`
    await this.#store.put(`ticket:${hash(ticket)}`, JSON.stringify(stub), seconds)
    return ticket
  }

  /**
   * Spends the ticket, or goes by the pass that was given for it. The pass to hand out comes along, if there is one.
   * @param passOf the value of the cookie of that name
   * @throws Problem `invalid-credentials`, and a `BrokerUnavailable`, after which it may be tried again
   */
  async redeem(
    ticket: string,
    passOf: (name: string) => string | undefined,
    { wantsPass }: { wantsPass: boolean },
  ): Promise<{ caller: Caller; pass: Pass | undefined }> {
    if (!TICKET.test(ticket)) throw invalidCredentials('This is no ticket.')
    const name = `${PASS_PREFIX}${ticket.slice(0, TAG_LENGTH)}`
    const spent = await this.#store.take(`ticket:${hash(ticket)}`)
    if (spent !== undefined) {
      const stub = readStub(spent)
      const caller = this.#callerOf(stub)
      return { caller, pass: wantsPass ? await this.#givePass(name, secret(), stub, caller) : undefined }
    }
    const value = passOf(name)
    if (value === undefined || !SECRET.test(value)) throw invalidCredentials(SPENT)
    const known = await this.#store.get(`pass:${hash(value)}`)
    if (known === undefined) throw invalidCredentials(SPENT)
    const stub = readStub(known)
    const caller = this.#callerOf(stub)
    return { caller, pass: wantsPass ? await this.#givePass(name, value, stub, caller) : undefined }
  }

  /** A pass is renewed each time it is used, and never goes beyond the rights of the ticket's maker. */
  async #givePass(name: string, value: string, stub: Stub, { expiresAt }: Caller): Promise<Pass | undefined> {
    const most = stub.proof === 'anonymous' ? MAX_ANONYMOUS_PASS_SECONDS : MAX_PASS_SECONDS
    const seconds = Math.floor(Math.min(most, (expiresAt - Date.now()) / 1000))
    if (seconds < 1) return undefined
    try {
      await this.#store.put(`pass:${hash(value)}`, JSON.stringify(stub), seconds)
      return { name, value, seconds }
    } catch {
      return undefined // the stream can open all the same; when it breaks, the page needs another ticket
    }
  }

  #callerOf({ id, name, rules, expiresAt: atFirst = Number.POSITIVE_INFINITY, proof }: Stub): Caller {
    const maker = this.#restore(proof)
    if (!maker || maker.credential.revoked || !isWithin(rules, maker.grants)) throw invalidCredentials()
    // A key may have been given another end since.
    const expiresAt = Math.min(atFirst, maker.expiresAt ?? Number.POSITIVE_INFINITY)
    if (expiresAt <= Date.now()) throw invalidCredentials('What the ticket was made with has expired.')
    // A token belongs to one user; a backend gets tickets for all of its users.
    const isShared = !proof.startsWith('token:')
    return {
      // An idempotency key of a user is not the same as an equal key of the backend.
      id: isShared ? `ticket:${hash(JSON.stringify([id, rules]))}` : id,
      name,
      by: 'ticket',
      isShared,
      grants: new Grants(rules),
      expiresAt,
      credential: maker.credential,
    }
  }
}

/** A key may have been given fewer rights since. */
function isWithin(rules: Rules, grants: Grants | undefined): boolean {
  if (!grants) return true
  const work = new WorkBudget()
  return RIGHTS.every(right => (rules[right] ?? []).every(pattern => grants.cover(right, patternTopic(pattern), work)))
}

const readStub = (text: string): Stub => JSON.parse(text) as Stub // only `issue` writes there

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url')
const secret = (): string => randomBytes(24).toString('base64url')

const TAG_LENGTH = 8
/** As `TICKET` has it. */
export const TICKET_LENGTH = 41
const SECRET = /^[\w-]{32}$/
const TICKET = /^[\w-]{8}\.[\w-]{32}$/
const PASS_PREFIX = 'carillon-'
const SPENT = 'The ticket is spent, or it has expired.'

/** Rights that do not end by themselves are asked for again after a day without a reconnect. */
const MAX_PASS_SECONDS = 86_400
/** Any client can get any number of these, and Redis has to keep them. */
const MAX_ANONYMOUS_PASS_SECONDS = 3600
