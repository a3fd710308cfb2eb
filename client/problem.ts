/** An error answer of the gateway: RFC 9457 problem details. */
export class CarillonProblem extends Error {
  override readonly name = 'CarillonProblem'
  /** Such as `urn:carillon:problem:invalid-channel`; programs go by it. `about:blank` where it was not the gateway that answered. */
  readonly type: string
  readonly status: number
  readonly title: string

  constructor({ type = 'about:blank', status, title = `HTTP ${status}`, detail = title }: ProblemDetails) {
    super(detail)
    this.type = type
    this.status = status
    this.title = title
  }

  /** To ask again later may help: it is not what was asked for that is wrong. */
  get passes(): boolean {
    return (
      this.status >= 500 || [408, 425, 429].includes(this.status) || this.type.endsWith(':idempotency-key-in-flight')
    )
  }
}

interface ProblemDetails {
  type?: string
  status: number
  title?: string
  detail?: string
}

/** The answer, if it is a good one. @throws CarillonProblem */
export async function good(response: Response): Promise<Response> {
  if (response.ok) return response
  const details: Partial<ProblemDetails> = await response.json().catch(() => ({})) // a proxy's page, for example
  throw new CarillonProblem({ ...details, status: response.status })
}
