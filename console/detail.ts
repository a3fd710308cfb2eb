import { byId, copyFrom, element } from './dom.js'
import type { Row } from './messages.js'
import { bytesOf, show, tint, VIEWS, type View, viewsOf } from './payload.js'
import { bytes, clock, reasonInWords } from './words.js'

interface Actions {
  onClose: (number: number) => void
  onAgain: (row: Row) => void
}

/** One message, whole, in the form that suits it or that one chose. */
export class Detail {
  readonly #actions: Actions
  readonly #place = byId('detail')
  readonly #data = byId('detail-data')
  readonly #radios = [...this.#place.querySelectorAll<HTMLInputElement>('input[name=view]')]
  #row: Row | undefined
  #view: View = 'text'

  constructor(actions: Actions) {
    this.#actions = actions
    for (const radio of this.#radios) radio.addEventListener('change', () => this.#showData(radio.value as View)) // the page has these
    const copy = byId<HTMLButtonElement>('detail-copy')
    copy.addEventListener('click', () => this.#row && copyFrom(copy, show(this.#row.data, this.#view)))
    byId('detail-again').addEventListener('click', () => this.#row && actions.onAgain(this.#row))
    byId('detail-close').addEventListener('click', () => this.close())
    this.#place.addEventListener('keydown', ({ key }) => key === 'Escape' && this.close())
  }

  open(row: Row, pretty: boolean): void {
    this.#row = row
    this.#place.hidden = false
    byId('detail-title').textContent = row.gap ? 'Gap' : row.channel
    const facts: [string, string | undefined][] = row.gap
      ? [
          [row.gap.pattern === undefined ? 'Channel' : 'Pattern', row.channel],
          ['Why', reasonInWords(row.gap.reason)],
          ['From', row.gap.from ? clock(Date.parse(row.gap.from), true) : undefined],
          ['To', row.gap.to ? clock(Date.parse(row.gap.to), true) : undefined],
        ]
      : [
          ['At', clock(row.at, true)],
          ['Event', row.event],
          ['Size', bytes(bytesOf(row.data).length)],
          ['Id', row.id],
        ]
    byId('detail-facts').replaceChildren(
      ...facts.flatMap(([name, value]) =>
        value === undefined ? [] : [element('div', '', element('dt', '', name), element('dd', '', value))],
      ),
    )
    for (const id of ['detail-copy', 'detail-again']) byId(id).hidden = row.gap !== undefined
    const views = row.gap ? [] : viewsOf(row.data)
    for (const [i, radio] of this.#radios.entries()) {
      const there = views.includes(VIEWS[i] as View) // as many as there are radios
      radio.disabled = !there
      if (radio.parentElement) radio.parentElement.hidden = !there
    }
    const view = views.find(it => it !== 'json' || pretty) ?? 'text'
    const radio = this.#radios.find(({ value }) => value === view)
    if (radio) radio.checked = true
    this.#data.hidden = row.gap !== undefined
    const segments = this.#place.querySelector('fieldset')
    if (segments) segments.hidden = row.gap !== undefined
    this.#showData(view)
  }

  get isOpen(): boolean {
    return !this.#place.hidden
  }

  close(): void {
    if (!this.isOpen) return
    this.#place.hidden = true
    const number = this.#row?.number
    this.#row = undefined
    this.#data.replaceChildren()
    if (number !== undefined) this.#actions.onClose(number)
  }

  #showData(view: View): void {
    if (!this.#row) return
    this.#view = view
    const text = show(this.#row.data, view)
    this.#data.className = view
    if (view === 'json')
      this.#data.replaceChildren(...[...tint(text)].map(([kind, part]) => (kind ? element('span', kind, part) : part)))
    else this.#data.textContent = text
  }
}
