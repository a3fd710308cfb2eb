import type { Test } from 'tap'
import { PROBLEMS, type ProblemType, problemUri } from '../../src/protocol/problem-types.js'
import type { ProblemDetails } from '../../src/protocol/problems.js'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** Holds an answer to what the table of problems says of the type. */
export function sameProblem(t: Test, { status, headers, body }: Answer, type: ProblemType, message: string): void {
  const [wantedStatus, title] = PROBLEMS[type]
  t.equal(status, wantedStatus, `${message}: status`)
  t.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8', `${message}: media type`)
  t.match(JSON.parse(body), { type: problemUri(type), title, status: wantedStatus, detail: /^.{10,}$/ }, message)
}

/** The same for an answer of `fetch`. */
export async function fetchProblem(
  t: Test,
  response: Response,
  type: ProblemType,
  message: string = type,
): Promise<ProblemDetails> {
  const body = await response.text()
  sameProblem(t, { status: response.status, headers: response.headers, body }, type, message)
  return JSON.parse(body) as ProblemDetails // compared above
}
