import { button, byId, copyFrom, element } from './dom.js'

/** A line for a terminal, with a button that copies it. Returns what sets the line. */
export function curlBox(id: string, what: string): (line: string) => void {
  const code = element('code')
  const copy = button('Copy', () => copyFrom(copy, code.textContent ?? ''))
  copy.setAttribute('aria-label', `Copy the curl line that ${what}`)
  byId(id).append(code, copy)
  return line => {
    if (code.textContent !== line) code.textContent = line
  }
}
