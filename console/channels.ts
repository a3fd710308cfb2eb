import { arrowKeys } from './arrow-keys.js'
import { listLine } from './curl.js'
import { curlBox } from './curl-box.js'
import { button, byId, element } from './dom.js'
import { base, explain, type Gateway, isAccessProblem } from './gateway.js'
import { poll } from './poll.js'
import { clock, count, plural } from './words.js'

interface Page {
  channels: { channel: string; subscribers: number; listeners: number }[]
  next?: string
  unanswered?: number
}

interface Actions {
  onPick: (channel: string) => void
  onRefused: () => void
}

const STEP = 100
/** So many the list grows to: a gateway can have millions, and who looks for one of them has the pattern. */
const MOST = 1000

/** Which channels have subscribers now, with both counts, as long as the page is visible. */
export function channels(gateway: Gateway, { onPick, onRefused }: Actions): void {
  const input = byId<HTMLInputElement>('channels-pattern')
  const [table, empty, note, total] = ['table', 'empty', 'note', 'count'].map(id => byId(`channels-${id}`))
  const more = byId<HTMLButtonElement>('channels-more')
  const rows = new Map<string, { row: HTMLTableRowElement; listeners: HTMLElement; subscribers: HTMLElement }>()
  const body = table?.querySelector('tbody')
  const setCurl = curlBox('channels-curl', 'lists the channels')
  let limit = STEP
  const polling = poll(ask, 2)

  input.addEventListener('input', () => {
    limit = STEP
    polling.now()
    showCurl()
  })
  more.addEventListener('click', () => {
    limit = Math.min(MOST, limit + STEP)
    polling.now()
  })
  gateway.onKey(() => {
    polling.now()
    showCurl()
  })
  if (table) arrowKeys(table, { items: () => [...table.querySelectorAll('button')], begin: 'first' })
  showCurl()

  function showCurl(): void {
    setCurl(listLine(base, gateway.keyed, pattern()))
  }

  /** Plain text finds the names that it stands in. */
  function pattern(): string {
    const text = input.value.trim()
    if (text === '') return '*'
    return /[*?[]/.test(text) ? text : `*${text}*`
  }

  async function ask(): Promise<boolean> {
    const asked = pattern()
    try {
      const page = await gateway.get<Page>('channels', { counts: 'true', limit: `${limit}`, pattern: asked })
      show(page)
      if (asked !== pattern()) setTimeout(polling.now)
      return true
    } catch (error) {
      if (note) note.textContent = explain(error)
      note?.classList.add('bad')
      if (isAccessProblem(error)) onRefused()
      return false
    }
  }

  function show({ channels, next, unanswered = 0 }: Page): void {
    if (!table || !empty || !note || !total || !body) return
    note.classList.remove('bad')
    total.textContent = channels.length ? `${count(channels.length)}${next ? '+' : ''}` : ''
    table.hidden = channels.length === 0
    empty.hidden = channels.length > 0
    if (!empty.hidden) showEmpty(empty)
    const gone = new Set(rows.keys())
    const most = Math.max(1, ...channels.map(({ listeners }) => listeners))
    let before: Element | null = null
    for (const { channel, listeners, subscribers } of channels) {
      gone.delete(channel)
      const entry = rows.get(channel) ?? create(channel)
      setText(entry.listeners, count(listeners))
      setText(entry.subscribers, count(subscribers))
      entry.row.style.setProperty('--share', `${Math.round((listeners / most) * 100)}%`)
      const place: Element | null = before ? before.nextElementSibling : body.firstElementChild
      if (place !== entry.row) body.insertBefore(entry.row, place)
      before = entry.row
    }
    for (const channel of gone) {
      const row = rows.get(channel)?.row
      // Or who goes through the list by keyboard would be thrown to the start of the page.
      if (row?.contains(document.activeElement))
        (row.nextElementSibling ?? row.previousElementSibling)?.querySelector('button')?.focus()
      row?.remove()
      rows.delete(channel)
    }
    more.hidden = !next || limit >= MOST
    const missing = unanswered ? ` ${plural(unanswered, 'gateway')} did not answer, so listeners may be too few.` : ''
    const narrow = next && limit >= MOST ? ' There are more: narrow it down.' : ''
    note.textContent = `As of ${clock(Date.now())}.${missing}${narrow}`
  }

  function create(channel: string) {
    const row = document.createElement('tr')
    const pick = button(channel, () => onPick(channel), 'link')
    pick.title = `Listen to ${channel}`
    pick.tabIndex = -1
    const [listeners, subscribers] = [element('td', 'number'), element('td', 'number dim')]
    const name = element('th', '', pick)
    name.setAttribute('scope', 'row')
    row.append(name, listeners, subscribers)
    const entry = { row, listeners, subscribers }
    rows.set(channel, entry)
    return entry
  }

  function showEmpty(place: HTMLElement): void {
    const found = pattern() !== '*'
    const words = found
      ? ['No channel with subscribers matches.', '']
      : [
          'No channel has subscribers now.',
          'Channels appear here as soon as a client subscribes to them by name. Pattern subscriptions do not list channels.',
        ]
    if (place.firstChild?.textContent === words[0]) return
    place.replaceChildren(element('p', 'lead', words[0] ?? ''), element('p', 'dim', words[1] ?? ''))
  }
}

function setText(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text
}
