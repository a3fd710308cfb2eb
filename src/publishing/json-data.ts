import type { Node } from 'jsonc-parser'

/**
 * The JSON text of each message's "data", exactly as it was sent: numbers keep their digits, and objects their spaces and
 * order. `text` is valid JSON, a batch or one message.
 */
export async function dataTexts(text: string): Promise<(string | undefined)[]> {
  const { parseTree } = await import('jsonc-parser') // few batches need it
  const root = parseTree(text)
  const messages = member(root, 'messages')?.children ?? [root]
  return messages.map(message => {
    const data = member(message, 'data')
    return data && text.slice(data.offset, data.offset + data.length)
  })
}

/** The last member of the name, as `JSON.parse` takes it. */
const member = (node: Node | undefined, name: string): Node | undefined =>
  node?.type === 'object'
    ? node.children?.findLast(({ children }) => children?.[0]?.value === name)?.children?.[1]
    : undefined
