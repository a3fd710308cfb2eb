/*
 * What a start does not need of Node is loaded when something of it is first used. Libraries ask for it at their
 * beginning all the same. Not for what a message passes: a stand-in costs each use a little.
 */
const LATE = new Set(['assert', 'fs/promises', 'https', 'tls'])

/** `require`, except that a late module stands for itself until something of it is used. */
export function lateRequire(require: NodeJS.Require): NodeJS.Require {
  const late = new Map<string, object>()
  const requireLate = (id: string): unknown => {
    const name = id.replace(/^node:/, '')
    if (!LATE.has(name)) return require(id)
    const known = late.get(name)
    if (known) return known
    const standIn = standInFor(() => require(`node:${name}`))
    late.set(name, standIn)
    return standIn
  }
  return Object.assign(requireLate, require)
}

function standInFor(load: () => object): object {
  let module: object | undefined
  const loaded = (): object => {
    module ??= load()
    return module
  }
  // The target is a function, as `assert` is one.
  return new Proxy(() => undefined, {
    get: (_, name) => Reflect.get(loaded(), name),
    set: (_, name, value) => Reflect.set(loaded(), name, value),
    has: (_, name) => Reflect.has(loaded(), name),
    ownKeys: () => Reflect.ownKeys(loaded()),
    // As of an object that may change: what a target does not have, a proxy may not call fixed.
    getOwnPropertyDescriptor: (_, name) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(loaded(), name)
      return descriptor && { ...descriptor, configurable: true }
    },
    // What holds is not asserted: only for what does not, `assert` is needed to say so.
    apply: (_, _this, [holds, ...rest]) => {
      if (!holds) Reflect.apply(loaded() as () => void, undefined, [holds, ...rest])
    },
  })
}
