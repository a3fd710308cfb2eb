/**
 * What a client receives, to be waited for: `next` resolves with the next item, whether it is
 * there already or still to come, and rejects when the stream ends or nothing comes for too long.
 */
export class Inbox<Item> {
  /** All items so far, those taken by `next` included. */
  readonly all: Item[] = []
  #taken = 0
  #ended = false
  #wake: () => void = () => {}
  /** Hears of each item as it comes. */
  onItem: (item: Item) => void = () => {}

  put(item: Item): void {
    this.all.push(item)
    this.onItem(item)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  get ended(): boolean {
    return this.#ended
  }

  async next(timeoutMs = 10_000): Promise<Item> {
    await this.#until(() => this.all.length > this.#taken, timeoutMs)
    return this.all[this.#taken++] as Item // it waited for it
  }

  async take(count: number, timeoutMs = 10_000): Promise<Item[]> {
    const items: Item[] = []
    while (items.length < count) items.push(await this.next(timeoutMs))
    return items
  }

  /** The next item that satisfies the test; those before it are passed over. */
  async find(wanted: (item: Item) => boolean, timeoutMs = 10_000): Promise<Item> {
    for (;;) {
      const item = await this.next(timeoutMs)
      if (wanted(item)) return item
    }
  }

  async untilEnd(timeoutMs = 10_000): Promise<Item[]> {
    await this.#until(() => this.#ended, timeoutMs)
    return this.all
  }

  #until(condition: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`nothing came for ${timeoutMs} ms; so far: ${JSON.stringify(this.all).slice(0, 500)}`)),
        timeoutMs,
      )
      const check = () => {
        if (!condition() && !this.#ended) return
        clearTimeout(timer)
        this.#wake = () => {}
        if (condition()) resolve()
        else reject(new Error(`the stream ended; so far: ${JSON.stringify(this.all).slice(0, 500)}`))
      }
      this.#wake = check
      check()
    })
  }
}
