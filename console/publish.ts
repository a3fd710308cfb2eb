import { CarillonProblem } from '../client/index.js'
import { type Publication, publishLine } from './curl.js'
import { curlBox } from './curl-box.js'
import { byId } from './dom.js'
import { base, explain, type Gateway } from './gateway.js'
import type { Row } from './messages.js'
import { base64 } from './payload.js'
import { plural } from './words.js'

/** The box that publishes one message. */
export class Publish {
  readonly #gateway: Gateway
  readonly #channel = byId<HTMLInputElement>('publish-channel')
  readonly #event = byId<HTMLInputElement>('publish-event')
  readonly #type = byId<HTMLSelectElement>('publish-type')
  readonly #data = byId<HTMLTextAreaElement>('publish-data')
  readonly #result = byId('publish-result')
  readonly #setCurl = curlBox('publish-curl', 'publishes the same')
  #running = false

  constructor(gateway: Gateway) {
    this.#gateway = gateway
    const form = byId<HTMLFormElement>('publish-form')
    form.addEventListener('submit', event => {
      event.preventDefault()
      this.#publish()
    })
    form.addEventListener('input', () => this.#check())
    form.addEventListener('keydown', event => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit()
    })
    gateway.onKey(() => this.#check())
    this.#check()
  }

  /** Unless one has chosen another one. */
  suggest(channel: string): void {
    if (this.#channel.value !== '') return
    this.#channel.value = channel
    this.#check()
  }

  fill({ channel, event = '', data }: Row): void {
    this.#channel.value = channel
    this.#event.value = event
    this.#type.value =
      typeof data !== 'string' ? 'application/octet-stream' : this.#isJson(data) ? 'application/json' : 'text/plain'
    this.#data.value = typeof data === 'string' ? data : base64(data)
    this.#check()
    this.#data.focus()
  }

  get #publication(): Publication {
    return { channel: this.#channel.value, event: this.#event.value, type: this.#type.value, data: this.#data.value }
  }

  #isJson(text: string): boolean {
    return /^\s*[[{]/.test(text) && mistake('application/json', text) === undefined
  }

  #check(): void {
    const place = byId('publish-check')
    const { type, data } = this.#publication
    const wrong = data === '' && type !== 'application/json' ? undefined : mistake(type, data)
    const fine = type === 'application/json' ? 'Valid JSON' : ''
    const words = data === '' ? 'The message is empty.' : (wrong ?? fine)
    if (place.textContent !== words) place.textContent = words
    place.classList.toggle('bad', data !== '' && wrong !== undefined)
    place.classList.toggle('dim', data === '')
    place.classList.toggle('good', data !== '' && wrong === undefined && fine !== '')
    this.#setCurl(publishLine(base, this.#gateway.keyed, this.#publication))
  }

  async #publish(): Promise<void> {
    const { channel, event, type, data } = this.#publication
    const wrong = data === '' && type !== 'application/json' ? undefined : mistake(type, data)
    if (wrong !== undefined) {
      this.#show('bad', `Not published: ${wrong}`)
      this.#data.focus()
      return
    }
    if (this.#running) return
    this.#running = true
    const client = this.#gateway.client()
    try {
      const body = type === 'application/octet-stream' ? bytesFrom(data) : data
      const { receivers } = await client.publish(channel, body, {
        contentType: type,
        retries: 0,
        ...(event && { event }),
      })
      this.#show(
        'good',
        receivers === 0 ? 'Published. No subscribers.' : `Published to ${plural(receivers, 'receiver')}.`,
      )
    } catch (error) {
      const status = error instanceof CarillonProblem ? `${error.status}: ` : ''
      this.#show('bad', `${status}${explain(error)}`)
    } finally {
      client.close()
      this.#running = false
    }
  }

  #show(kind: 'good' | 'bad', words: string): void {
    this.#result.className = `result ${kind}`
    this.#result.textContent = words
  }
}

/** Describes an error in the data for its type; undefined without one. */
export function mistake(type: string, data: string): string | undefined {
  try {
    if (type === 'application/json') JSON.parse(data)
    if (type === 'application/octet-stream') bytesFrom(data)
    return undefined
  } catch (error) {
    return type === 'application/json' ? `This is not JSON: ${(error as Error).message}` : 'This is not base64.' // what both throw
  }
}

const bytesFrom = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/\s+/g, '')), character => character.charCodeAt(0))
