import { byId, element } from './dom.js'
import { clock, plural } from './words.js'

export type Kind = 'good' | 'wait' | 'gap' | 'bad'

/** So many the list keeps. */
const KEPT = 100

/** Events of the connection, the latest on top. */
export class Events {
  readonly #list = byId('events-list')
  #gaps = 0

  add(kind: Kind, title: string, text = '', at = Date.now()): void {
    byId('events-empty').hidden = true
    if (kind === 'gap') byId('events-gaps').textContent = plural(++this.#gaps, 'gap')
    const time = element('time', '', clock(at))
    const words = element('span', '', element('b', '', title), ...(text ? [` ${text}`] : []))
    this.#list.prepend(element('li', kind, time, words))
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild?.remove()
  }
}
