/** Whoever ends what it started: a tap test, or a run of the suite outside of tap. */
export interface Scope {
  teardown(handler: () => unknown): void
}

/** Ends in reverse order whatever was started in it. */
export class OwnScope implements Scope {
  readonly #handlers: (() => unknown)[] = []

  teardown(handler: () => unknown): void {
    this.#handlers.push(handler)
  }

  async end(): Promise<void> {
    for (const handler of this.#handlers.splice(0).reverse()) await handler()
  }
}
