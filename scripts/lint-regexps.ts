import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from 'recheck'
import ts from 'typescript'

/*
 * npm run lint:regexps
 *
 * Checks that every regular expression of the gateway, its client and its console takes linear time, whatever the input.
 * It reads literals, `new RegExp(…)` and the `pattern` of schemas. Where the text is known only at run time, a comment in
 * front of the statement must say why that is safe:
 *
 *   // Unchecked expression: it is made from the paths of routes, not from input.
 */
const FOLDERS = ['src', 'plugins', 'routes', 'client', 'console']
const EXCUSE = /\/\/ (Unchecked expression: .+)/

interface Expression {
  readonly place: string
  readonly source: string
  readonly flags: string
}

const expressions: Expression[] = []
const mistakes: string[] = []

for (const folder of FOLDERS)
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.ts')) collect(join(folder, name))

function collect(path: string): void {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const constants = new Map<string, ts.Expression>()
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer) constants.set(node.name.getText(), node.initializer)
    const found = read(node, constants)
    const place = `${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`
    if (found) expressions.push({ place, ...found })
    else if (found === null) {
      const excuse = EXCUSE.exec(ts.findAncestor(node, ts.isStatement)?.getFullText() ?? '')?.[1]
      if (excuse) console.log(`${place} ${excuse}`)
      else mistakes.push(`${place} makes an expression from text that is known only at run time`)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
}

/** The expression that a node makes; undefined if it makes none, null if its text is not known. */
function read(
  node: ts.Node,
  constants: ReadonlyMap<string, ts.Expression>,
): Omit<Expression, 'place'> | undefined | null {
  if (ts.isRegularExpressionLiteral(node)) {
    const end = node.text.lastIndexOf('/')
    return { source: node.text.slice(1, end), flags: node.text.slice(end + 1) }
  }
  if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp') {
    const [text, flags] = node.arguments ?? []
    const source = textOf(text, constants)
    return source === undefined ? null : { source, flags: textOf(flags, constants) ?? '' }
  }
  if (ts.isPropertyAssignment(node) && node.name.getText() === 'pattern') {
    // Where it is a constant of another file, that file makes an expression from it, too.
    const source = textOf(node.initializer, constants)
    if (source?.startsWith('^')) return { source, flags: 'u' }
  }
  return undefined
}

/** The text of a string, a template, a literal expression, or a constant of the same file that is one of these. */
function textOf(node: ts.Node | undefined, constants: ReadonlyMap<string, ts.Expression>): string | undefined {
  if (!node) return undefined
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isRegularExpressionLiteral(node)) return node.text.slice(1, node.text.lastIndexOf('/'))
  if (ts.isIdentifier(node)) return textOf(constants.get(node.text), constants)
  if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'String.raw')
    return node.template.getText().slice(1, -1)
  if (!ts.isTemplateExpression(node)) return undefined
  const parts = node.templateSpans.map(
    ({ expression, literal }) => [textOf(expression, constants), literal.text] as const,
  )
  if (parts.some(([value]) => value === undefined)) return undefined
  return node.head.text + parts.flat().join('')
}

const waiting = expressions.values()
async function work(): Promise<void> {
  for (const { place, source, flags } of waiting) {
    const diagnostics = await check(source, flags, { timeout: 60_000 })
    if (diagnostics.status === 'safe') continue
    const found =
      diagnostics.status === 'vulnerable'
        ? `${diagnostics.complexity.summary} on ${diagnostics.attack.pattern}`
        : `not decided (${diagnostics.error.kind})`
    mistakes.push(`${place} /${source}/${flags}: ${found}`)
  }
}
await Promise.all([work(), work()])

for (const mistake of mistakes) console.error(mistake)
console.log(`${expressions.length} regular expressions, ${mistakes.length} mistakes`)
process.exit(mistakes.length === 0 && expressions.length > 100 ? 0 : 1)
