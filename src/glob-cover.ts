import type { GlobStep } from './glob.js'

/**
 * Whether every channel name that `inner` matches is matched by `outer` too.
 *
 * Never true when it is not so. It may be false where it is so, when only an argument over several steps at
 * once would show it: `?*` matches all that `*?` does, and is not seen to.
 *
 *     covers(i, j): all that inner[i…] matches, outer[j…] matches
 *       outer[j] is *     covers(i, j + 1), where the * stands for nothing, or
 *                         covers(i + 1, j), where it takes whatever inner[i] stands for
 *       both are one      every character of inner[i] is one of outer[j], and covers(i + 1, j + 1)
 *       inner[i] is *     nothing but a * can take it
 *       both at the end   yes
 *
 * Each pair is looked at once: the time is bounded by the product of the lengths.
 */
export function globCovers(outer: readonly GlobStep[], inner: readonly GlobStep[]): boolean {
  const width = outer.length + 1
  const refuted = new Uint8Array((inner.length + 1) * width)

  const covers = (i: number, j: number): boolean => {
    if (j === outer.length) return i === inner.length
    const at = i * width + j
    if (refuted[at]) return false
    const covered = step(i, j)
    if (!covered) refuted[at] = 1
    return covered
  }

  const step = (i: number, j: number): boolean => {
    const wide = outer[j] as GlobStep // `covers` has looked at the length
    const narrow = inner[i]
    if (wide === '*') return covers(i, j + 1) || (narrow !== undefined && covers(i + 1, j))
    if (narrow === undefined || narrow === '*') return false
    return ALPHABET.every(character => !narrow(character) || wide(character)) && covers(i + 1, j + 1)
  }
  return covers(0, 0)
}

/** What channel names are made of; see `CHANNEL_PATTERN`. */
const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-'].map(character =>
  character.charCodeAt(0),
)
