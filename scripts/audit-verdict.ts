/** The fields of `npm audit --json` that are used. */
interface Report {
  readonly metadata?: { readonly vulnerabilities?: Readonly<Record<string, number>> }
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range?: string }>>
  readonly statusCode?: number
  readonly message?: string
}

/** `clean`: it was asked, and knows of nothing. `refused`: nobody has answered, so that nothing is known. */
export interface Verdict {
  readonly kind: 'clean' | 'vulnerable' | 'refused'
  readonly words: string
}

export function auditVerdict(output: string): Verdict {
  const report = read(output)
  const total = report?.metadata?.vulnerabilities?.total
  if (report === undefined || total === undefined) {
    const why = report?.message ?? output.trim().split('\n')[0]
    return {
      kind: 'refused',
      words: `The registry did not answer what is known of the dependencies (${why || 'no output'}): nothing is known.`,
    }
  }
  if (total === 0) return { kind: 'clean', words: 'No advisory is open for the dependencies of production.' }
  const found = Object.entries(report.vulnerabilities ?? {}).map(
    ([name, { severity, range = '' }]) => `  ${name} ${range}: ${severity}`,
  )
  return { kind: 'vulnerable', words: `${total} open for the dependencies of production:\n${found.join('\n')}` }
}

function read(output: string): Report | undefined {
  try {
    return JSON.parse(output) as Report // whatever else it is has none of these
  } catch {
    return undefined
  }
}
