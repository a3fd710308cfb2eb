import type { Carillon, Gap, Message, State } from '../client/index.js'
import { Chart, type Stretch } from './chart.js'
import { tailLine } from './curl.js'
import { curlBox } from './curl-box.js'
import { Detail } from './detail.js'
import { announce, button, byId, element } from './dom.js'
import type { Events } from './events.js'
import { base, explain, type Gateway, isAccessProblem } from './gateway.js'
import { Messages, matcher, type Row } from './messages.js'
import { Rates } from './rates.js'
import { Rows, SHOWN } from './rows.js'
import { bytes, clock, count, plural, reasonInWords } from './words.js'

interface Actions {
  events: Events
  onAgain: (row: Row) => void
  onTopics: (topics: readonly string[]) => void
  onRefused: () => void
}

/** People cannot read faster than ten updates a second. A burst costs no more updates than a trickle. */
const DRAW_MS = 100

const STATES: Record<State, [data: string, words: string]> = {
  idle: ['idle', 'not listening'],
  connecting: ['waiting', 'connecting'],
  open: ['live', 'live'],
  closed: ['idle', 'not listening'],
}

/** Live messages of any channels and patterns. */
export class Tail {
  readonly #gateway: Gateway
  readonly #actions: Actions
  readonly #input = byId<HTMLInputElement>('tail-topics')
  readonly #pause = byId<HTMLButtonElement>('tail-pause')
  readonly #newer = byId<HTMLButtonElement>('tail-newer')
  readonly #filter = byId<HTMLInputElement>('tail-filter')
  readonly #pretty = byId<HTMLInputElement>('tail-pretty')
  readonly #setCurl = curlBox('tail-curl', 'listens to the same')
  readonly #messages = new Messages()
  readonly #gaps: Stretch[] = []
  readonly #rows: Rows
  readonly #detail: Detail
  readonly #chart = new Chart(byId('rates').querySelector('.chart') as HTMLElement, this.#gaps) // the page has it
  #rates = new Rates(Date.now())
  #client: Carillon | undefined
  #topics: readonly string[] = []
  #matches = matcher('')
  /** Shown so far; rows after it wait to be drawn. */
  #drawn = 0
  #held = false
  #wasOpen = false

  constructor(gateway: Gateway, actions: Actions) {
    this.#gateway = gateway
    this.#actions = actions
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
      onAgain: actions.onAgain,
    })
    byId('tail-form').addEventListener('submit', event => {
      event.preventDefault()
      this.listen(this.#input.value.split(/[\s,]+/).filter(Boolean))
    })
    byId('tail-stop').addEventListener('click', () => this.stop())
    byId('tail-clear').addEventListener('click', () => this.#clear())
    this.#pause.addEventListener('click', () => this.#hold(!this.#held))
    this.#newer.addEventListener('click', () => this.#hold(false))
    this.#filter.addEventListener('input', () => {
      this.#matches = matcher(this.#filter.value)
      this.#redraw()
    })
    gateway.onKey(() => this.listen(this.#topics))
    setInterval(() => this.#draw(), DRAW_MS)
    setInterval(() => this.#showRates(), 1000)
    this.#showEmpty()
  }

  listen(topics: readonly string[]): void {
    this.#client?.close()
    this.#client = undefined
    if (topics.length === 0) return
    const other = topics.join(' ') !== this.#topics.join(' ')
    this.#topics = topics
    this.#input.value = topics.join(' ')
    history.replaceState(null, '', `#${encodeURIComponent(topics.join(' '))}`)
    this.#actions.onTopics(topics)
    if (other) this.#clear()
    this.#wasOpen = false
    byId('tail-stop').hidden = false
    for (const id of ['rates', 'tail-tools', 'tail-curl']) byId(id).hidden = false
    this.#setCurl(tailLine(base, this.#gateway.keyed, topics))
    const client = this.#gateway.client({
      onState: state => this.#client === client && this.#showState(state),
      onGap: gap => this.#gap(gap),
      onProblem: error => this.#problem(error),
    })
    this.#client = client
    client.subscribe(topics, message => this.#message(message))
  }

  stop(): void {
    const client = this.#client
    this.#client = undefined
    client?.close()
    byId('tail-stop').hidden = true
    this.#showState('closed')
    this.#actions.events.add('wait', 'Stopped', 'by you')
  }

  #message({ channel, event, id, data }: Message): void {
    const at = Date.now()
    const size = typeof data === 'string' ? data.length : data.byteLength
    this.#rates.add(at, size)
    this.#messages.add({ at, size: size + channel.length + 100, channel, event, id, data })
  }

  #gap(gap: Gap): void {
    const at = Date.now()
    const topic = gap.channel ?? gap.pattern ?? ''
    this.#messages.add({ at, size: 200, channel: topic, data: '', gap })
    const [from, to] = [Date.parse(gap.from ?? '') || at, Date.parse(gap.to ?? '') || at]
    this.#gaps.push({ from: from / 1000, to: to / 1000 })
    this.#gaps.splice(0, this.#gaps.length - 50)
    const [start, end] = [clock(from), clock(to)]
    const window = gap.from ? `${start === end ? start : `${start} to ${end}`}, ` : ''
    this.#actions.events.add('gap', `Gap on ${topic}`, `${window}${reasonInWords(gap.reason)}`)
    announce(`Messages on ${topic} may be missing: ${reasonInWords(gap.reason)}`)
  }

  #problem(error: Error): void {
    this.#actions.events.add('bad', 'Refused', explain(error))
    if (this.#client?.state !== 'closed') return
    byId('tail-stop').hidden = true
    if (isAccessProblem(error)) this.#actions.onRefused()
    this.#showEmpty(explain(error))
  }

  #showState(state: State): void {
    const place = byId('tail-state')
    const [data, words] = state === 'connecting' && this.#wasOpen ? ['waiting', 'reconnecting'] : STATES[state]
    place.dataset.state = data
    place.textContent = words
    if (state === 'open') {
      this.#actions.events.add('good', this.#wasOpen ? 'Live again' : 'Live', this.#topics.join(' '))
      this.#wasOpen = true
    } else if (words === 'reconnecting')
      this.#actions.events.add('wait', 'Lost', 'the stream has ended, and is opened again')
    this.#showEmpty()
  }

  #clear(): void {
    this.#messages.clear()
    this.#gaps.length = 0
    this.#rates = new Rates(Date.now())
    this.#detail.close()
    this.#hold(false)
    this.#redraw()
    this.#showRates()
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
    this.#showEmpty()
  }

  #draw(): void {
    if (document.hidden || this.#drawn === this.#messages.newest) return
    if (this.#held) {
      this.#showNewer()
      return
    }
    const rows = this.#messages.latest({ after: this.#drawn, limit: SHOWN, matches: this.#matches })
    if (this.#drawn === 0 || byId('tail-log').hidden) this.#showEmpty()
    this.#drawn = this.#messages.newest
    this.#rows.add(rows)
  }

  #showNewer(): void {
    const waiting = this.#messages.newest - this.#drawn
    this.#newer.hidden = !this.#held || waiting === 0
    this.#newer.textContent = `${plural(waiting, 'newer message')} · resume`
  }

  #showRates(): void {
    if (document.hidden || !this.#client) return
    const now = Date.now()
    const rate = this.#rates.now(now)
    const series = this.#rates.series(now)
    byId('rate-now').textContent = count(rate.messages)
    byId('rate-peak').textContent = count(Math.max(...series[1]))
    byId('rate-bytes').textContent = bytes(rate.bytes)
    byId('rate-total').textContent = count(this.#rates.total)
    this.#chart.show(series)
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

  /** The text without messages: the reason, and what to do. */
  #showEmpty(refusal?: string): void {
    const place = byId('tail-empty')
    const some = this.#messages.size > 0
    byId('tail-log').hidden = !some
    place.hidden = some
    if (some) return
    const state = this.#client?.state ?? 'idle'
    if (refusal !== undefined) {
      place.replaceChildren(element('p', 'lead bad', refusal))
    } else if (state === 'open') {
      const [topic = 'news'] = this.#topics
      place.replaceChildren(
        element('p', 'lead', 'Live, and nothing has been published yet.'),
        element('p', 'dim', `Whatever is published to ${topic} from now on shows here.`),
      )
    } else if (state === 'connecting') {
      place.replaceChildren(element('p', 'lead', 'Connecting …'))
    } else {
      place.replaceChildren(
        element('p', 'lead', 'Name a channel to hear what is published to it.'),
        element('p', 'dim', 'Several go with spaces between them; a pattern such as chat:* takes in all that match.'),
        element(
          'p',
          '',
          button('Listen to everything', () => this.listen(['*'])),
        ),
      )
    }
  }
}
