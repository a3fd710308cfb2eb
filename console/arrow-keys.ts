interface List {
  /** The elements that the keys move through, in order. */
  items: () => HTMLElement[]
  /** Where they begin. */
  begin: 'first' | 'last'
  onMove?: (item: HTMLElement) => void
}

/** Rows that Page Up and Page Down pass over. */
const PAGE = 10

/** A list is one stop for Tab: arrow keys, Page Up and Down, Home and End go from item to item. */
export function arrowKeys(place: HTMLElement, { items, begin, onMove = () => {} }: List): void {
  place.addEventListener('keydown', event => {
    const step = STEPS[event.key]
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const all = items()
    const last = all.length - 1
    const at = all.indexOf(document.activeElement as HTMLElement) // or none of them, which is -1 as well
    const start = begin === 'first' || step === -Infinity ? 0 : last
    const next = all[at < 0 ? (step === Infinity ? last : start) : Math.max(0, Math.min(last, at + step))]
    if (!next) return
    event.preventDefault()
    next.focus()
    next.scrollIntoView({ block: 'nearest' })
    if (all[at] !== next) onMove(next)
  })
}

const STEPS: Record<string, number> = {
  ArrowUp: -1,
  ArrowDown: 1,
  PageUp: -PAGE,
  PageDown: PAGE,
  Home: -Infinity,
  End: Infinity,
}
