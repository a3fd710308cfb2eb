import type { Carillon, Gap, Message, State } from '../client/index.js'
import { Chart, type Stretch } from './chart.js'
import { tailLine } from './curl.js'
import { curlBox } from './curl-box.js'
import { announce, byId } from './dom.js'
import { emptyText } from './empty-text.js'
import type { Events } from './events.js'
import { base, explain, type Gateway, isAccessProblem } from './gateway.js'
import { Log } from './log.js'
import type { Row } from './messages.js'
import { Rates } from './rates.js'
import { bytes, clock, count, reasonInWords } from './words.js'

interface Actions {
  events: Events
  onAgain: (row: Row) => void
  onTopics: (topics: readonly string[]) => void
  onRefused: () => void
}

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
  readonly #setCurl = curlBox('tail-curl', 'listens to the same')
  readonly #gaps: Stretch[] = []
  readonly #log: Log
  readonly #chart = new Chart(byId('rates').querySelector('.chart') as HTMLElement, this.#gaps) // the page has it
  #rates = new Rates(Date.now())
  #client: Carillon | undefined
  #topics: readonly string[] = []
  #wasOpen = false

  constructor(gateway: Gateway, actions: Actions) {
    this.#gateway = gateway
    this.#actions = actions
    this.#log = new Log({ onAgain: actions.onAgain, onChange: () => this.#showEmpty() })
    byId('tail-form').addEventListener('submit', event => {
      event.preventDefault()
      this.listen(this.#input.value.split(/[\s,]+/).filter(Boolean))
    })
    byId('tail-stop').addEventListener('click', () => this.stop())
    byId('tail-clear').addEventListener('click', () => this.#clear())
    gateway.onKey(() => this.listen(this.#topics))
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
    this.#log.add({ at, size: size + channel.length + 100, channel, event, id, data })
  }

  #gap(gap: Gap): void {
    const at = Date.now()
    const topic = gap.channel ?? gap.pattern ?? ''
    this.#log.add({ at, size: 200, channel: topic, data: '', gap })
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
    this.#gaps.length = 0
    this.#rates = new Rates(Date.now())
    this.#log.clear()
    this.#showRates()
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

  /** The text without messages: the reason, and what to do. */
  #showEmpty(refusal?: string): void {
    const isEmpty = this.#log.isEmpty
    byId('tail-log').hidden = isEmpty
    byId('tail-empty').hidden = !isEmpty
    if (!isEmpty) return
    const [topic = 'news'] = this.#topics
    const state = this.#client?.state ?? 'idle'
    byId('tail-empty').replaceChildren(...emptyText({ refusal, state, topic, listen: () => this.listen(['*']) }))
  }
}
