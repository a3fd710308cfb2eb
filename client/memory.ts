import type { Past } from './upstream.js'

/** Where a page was, for itself after a reload. Of one tab; a cursor is no secret. */
const keyOf = (name: true | string): string => `carillon ${name === true ? '' : name}`

export function remember(name: true | string, past: Past): void {
  if (past.heardAt > 0) attemptStorage(() => sessionStorage.setItem(keyOf(name), JSON.stringify(past)))
}

export function recall(name: true | string): Past | undefined {
  const kept = attemptStorage(() => sessionStorage.getItem(keyOf(name)))
  return kept ? (JSON.parse(kept) as Past) : undefined // written by `remember`
}

export const forget = (name: true | string): void => {
  attemptStorage(() => sessionStorage.removeItem(keyOf(name)))
}

/** Where cookies are forbidden, storage throws: then nothing is kept. */
function attemptStorage<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch {
    return undefined
  }
}
