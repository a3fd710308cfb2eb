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

/** The path speaks WebSocket, and was asked for as plain HTTP: RFC 9110 section 15.5.22. */
export const upgradeRequired = (): Problem =>
  new Problem('upgrade-required', undefined, { upgrade: 'websocket', connection: 'upgrade, close' })
