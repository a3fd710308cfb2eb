import { describeNameFault } from '../messages/name-faults.js'
import type { NameProblem } from '../messages/names.js'
import type { ProblemDetails } from './problem-details.js'
import { PROBLEMS, type ProblemType, problemUri } from './problem-types.js'

export type { ProblemDetails } from './problem-details.js'

/** An error that is the caller's to know. Routes throw it; one plugin answers it. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly type: ProblemType
  readonly headers: Readonly<Record<string, string>>

  constructor(
    type: ProblemType,
    detail: string = PROBLEMS[type][2],
    headers: Record<string, string> = {},
    options: ErrorOptions = {},
  ) {
    super(detail, options)
    this.type = type
    this.headers = headers
  }

  get status(): number {
    return PROBLEMS[this.type][0]
  }

  toJSON(): ProblemDetails {
    return problemDetails(this.type, this.message)
  }
}

export function problemDetails(type: ProblemType, detail: string = PROBLEMS[type][2]): ProblemDetails {
  const [status, title] = PROBLEMS[type]
  return { type: problemUri(type), title, status, detail }
}

/** A name that a client may not use. */
export const nameProblem = (type: NameProblem, name: string): Problem =>
  new Problem(type, describeNameFault(type, name))

/** `bytes` is NaN where the size is not known. */
export const messageTooLarge = (bytes: number, setting: string, limit: number): Problem =>
  new Problem(
    'message-too-large',
    Number.isNaN(bytes)
      ? `The body has more than ${limit} bytes, the limit of ${setting}.`
      : `The body has ${bytes} bytes; ${setting} allows ${limit}.`,
  )

/** A stream or a ticket with so many channels and patterns. */
export const tooManySubscriptions = (count: number, limit: number): Problem =>
  new Problem(
    'too-many-subscriptions',
    `The stream would have ${count} channels and patterns; MAX_SUBSCRIPTIONS allows ${limit}.`,
  )

/** The path speaks WebSocket, and was asked for as plain HTTP: RFC 9110 section 15.5.22. */
export const upgradeRequired = (): Problem =>
  new Problem('upgrade-required', undefined, { upgrade: 'websocket', connection: 'upgrade, close' })
