import { Parser } from '@asyncapi/parser'

/** The findings of AsyncAPI's own parser except hints, one line each. */
export async function asyncapiFindings(yaml: string): Promise<string[]> {
  const { document, diagnostics } = await new Parser().parse(yaml)
  const findings = diagnostics
    .filter(({ severity }) => severity <= WARNING)
    .map(({ code, message, path, range }) => `${range.start.line + 1}: ${message} (${code}, ${path.join('.')})`)
  return document === undefined && findings.length === 0 ? ['it is no AsyncAPI document'] : findings
}

/** Errors are 0, warnings 1; what is below is taste. */
const WARNING = 1
