import { arrowKeys } from './arrow-keys.js'
import { byId } from './dom.js'
import type { Row } from './messages.js'
import { preview } from './payload.js'
import { clock, reasonInWords } from './words.js'

/** So many rows the page has at most; `Messages` keeps more, for the filter. */
export const SHOWN = 200

interface Actions {
  onOpen: (number: number) => void
  /** The list must not scroll. */
  onHold: () => void
  /** The keyboard has gone to another row. */
  onMove: (number: number) => void
  onEscape: () => void
}

/** The list of rows. The page keeps only the newest ones. */
export class Rows {
  readonly #list: HTMLElement
  readonly #log = byId('tail-log')
  readonly #template = byId<HTMLTemplateElement>('row')

  constructor({ onOpen, onHold, onMove, onEscape }: Actions) {
    this.#list = this.#log.querySelector('ol') as HTMLElement // the page has it
    this.#list.addEventListener('click', ({ target }) => {
      const number = numberOf(target as Element) // events come from elements
      if (number !== undefined) onOpen(number)
    })
    this.#list.addEventListener('focusin', onHold)
    // It is laid out from its end, so that the newest row stays in view by itself: up is below zero.
    this.#log.addEventListener('scroll', () => {
      if (this.#log.scrollTop < -8) onHold()
    })
    arrowKeys(this.#log, {
      items: () => [...this.#list.querySelectorAll('button')],
      begin: 'last',
      onMove: item => onMove(numberOf(item) ?? 0),
    })
    this.#log.addEventListener('keydown', ({ key }) => key === 'Escape' && onEscape())
  }

  add(rows: readonly Row[]): void {
    if (rows.length === 0) return
    const added = document.createDocumentFragment()
    for (const row of rows) added.append(this.#item(row))
    this.#list.append(added)
    while (this.#list.childElementCount > SHOWN) this.#list.firstElementChild?.remove()
  }

  replace(rows: readonly Row[]): void {
    this.#list.replaceChildren(...rows.map(row => this.#item(row)))
  }

  toEnd(): void {
    this.#log.scrollTop = 0
  }

  get hasFocus(): boolean {
    return this.#list.contains(document.activeElement)
  }

  /** The list itself, from which the keys start again. */
  focusList(): void {
    this.#log.focus()
  }

  focus(number: number): void {
    this.#list.querySelector<HTMLElement>(`[data-number="${number}"] button`)?.focus()
  }

  select(number: number | undefined): void {
    this.#list.querySelector('[aria-current]')?.removeAttribute('aria-current')
    const selected = this.#list.querySelector(`[data-number="${number}"] button`)
    selected?.setAttribute('aria-current', 'true')
    selected?.scrollIntoView({ block: 'nearest' })
  }

  #item(row: Row): Node {
    const item = this.#template.content.firstElementChild?.cloneNode(true) as HTMLElement // the page has it
    item.dataset.number = `${row.number}`
    const [time, channel, event, data] = (item.firstElementChild?.children ?? []) as unknown as HTMLElement[] // as above
    if (!time || !channel || !event || !data) return item
    time.textContent = clock(row.at, true)
    channel.textContent = row.channel
    if (row.gap) {
      item.className = 'gap'
      event.textContent = 'gap'
      data.textContent = `messages may be missing: ${reasonInWords(row.gap.reason)}`
      return item
    }
    if (row.event === undefined) event.remove()
    else event.textContent = row.event
    data.textContent = preview(row.data)
    if (typeof row.data !== 'string') data.classList.add('binary')
    else if (row.data === '') {
      data.textContent = 'empty'
      data.classList.add('nothing')
    }
    return item
  }
}

/** Of the row that an element is in. */
function numberOf(element: Element): number | undefined {
  const item = element.closest('li')
  return item ? Number(item.dataset.number) : undefined
}
