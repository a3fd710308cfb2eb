/**
 * A way through parts of Node or of a library that are not documented, or are private by their types. Each has one file in
 * this room. Where those parts are missing, or work otherwise, the gateway takes the documented way and loses only what
 * the file says. `carillon doctor` and the metric `carillon_fast_path` report which are in use.
 */
export class FastPath {
  /** That of its file. */
  readonly name: string
  readonly #isThere: () => boolean
  #isInUse: boolean | undefined

  /** `isThere` runs once, before the first use. A throw counts as false. */
  constructor(name: string, isThere: () => boolean) {
    this.name = name
    this.#isThere = isThere
    known.push(this)
  }

  get isInUse(): boolean {
    this.#isInUse ??= succeeds(this.#isThere)
    return this.#isInUse
  }

  /** Takes the documented way from now on. Returns how to look again. */
  leave(): () => void {
    this.#isInUse = false
    return () => {
      this.#isInUse = undefined
    }
  }
}

const known: FastPath[] = []

/** Those whose files this process has loaded. */
export const fastPaths = (): readonly FastPath[] => known

function succeeds(isThere: () => boolean): boolean {
  try {
    return isThere()
  } catch {
    return false // what it touched is gone
  }
}
