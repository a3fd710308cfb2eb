import { Detail } from './detail.js'
import { byId } from './dom.js'
import { Messages, matcher, type Row } from './messages.js'
import { Rows, SHOWN } from './rows.js'
import { plural } from './words.js'

interface LogOptions {
  onAgain: (row: Row) => void
  /** There may be messages where there were none, or none where there were some. */
  onChange: () => void
}

/** People cannot read faster than ten updates a second. A burst costs no more updates than a trickle. */
const DRAW_MS = 100

/** The list of messages: drawn a few times a second, filtered, paused, and with one message open. */
export class Log {
  readonly #onChange: () => void
  readonly #pause = byId<HTMLButtonElement>('tail-pause')
  readonly #newer = byId<HTMLButtonElement>('tail-newer')
  readonly #filter = byId<HTMLInputElement>('tail-filter')
  readonly #pretty = byId<HTMLInputElement>('tail-pretty')
  readonly #messages = new Messages()
  readonly #rows: Rows
  readonly #detail: Detail
  #matches = matcher('')
  /** Shown so far; rows after it wait to be drawn. */
  #drawn = 0
  #held = false

  constructor({ onAgain, onChange }: LogOptions) {
    this.#onChange = onChange
    this.#rows = new Rows({
      onOpen: number => this.#open(number),
      onHold: () => this.#hold(true),
      onMove: number => this.#detail.isOpen && this.#open(number),
      onEscape: () => this.#escape(),
    })
    this.#detail = new Detail({
      onClose: number => {
        this.#rows.select(undefined)
        this.#rows.focus(number)
      },
      onAgain,
    })
    this.#pause.addEventListener('click', () => this.#hold(!this.#held))
    this.#newer.addEventListener('click', () => this.#hold(false))
    this.#filter.addEventListener('input', () => {
      this.#matches = matcher(this.#filter.value)
      this.#redraw()
    })
    setInterval(() => this.#draw(), DRAW_MS)
  }

  get isEmpty(): boolean {
    return this.#messages.size === 0
  }

  add(row: Parameters<Messages['add']>[0]): void {
    this.#messages.add(row)
  }

  clear(): void {
    this.#messages.clear()
    this.#detail.close()
    this.#hold(false)
    this.#redraw()
  }

  /** While it holds, what comes is kept and counted, and the list stands still. */
  #hold(held: boolean): void {
    if (this.#held === held) return
    this.#held = held
    this.#pause.textContent = held ? 'Resume' : 'Pause'
    this.#pause.setAttribute('aria-pressed', String(held))
    if (!held) {
      this.#redraw()
      this.#rows.toEnd()
    }
    this.#showNewer()
  }

  #redraw(): void {
    this.#drawn = this.#held ? Math.max(this.#drawn, 1) : this.#messages.newest
    this.#rows.replace(this.#messages.latest({ upTo: this.#drawn, limit: SHOWN, matches: this.#matches }))
    this.#onChange()
  }

  #draw(): void {
    if (document.hidden || this.#drawn === this.#messages.newest) return
    if (this.#held) {
      this.#showNewer()
      return
    }
    const rows = this.#messages.latest({ after: this.#drawn, limit: SHOWN, matches: this.#matches })
    if (this.#drawn === 0 || byId('tail-log').hidden) this.#onChange()
    this.#drawn = this.#messages.newest
    this.#rows.add(rows)
  }

  #showNewer(): void {
    const waiting = this.#messages.newest - this.#drawn
    this.#newer.hidden = !this.#held || waiting === 0
    this.#newer.textContent = `${plural(waiting, 'newer message')} · resume`
  }

  #open(number: number): void {
    const row = this.#messages.find(number)
    if (!row) return
    this.#hold(true)
    this.#detail.open(row, this.#pretty.checked)
    this.#rows.select(number)
  }

  /** One step back: from the message to the list, from the list to what comes. */
  #escape(): void {
    if (this.#detail.isOpen) this.#detail.close()
    else if (this.#held) {
      this.#rows.focusList()
      this.#hold(false)
    }
  }
}
