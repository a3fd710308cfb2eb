import fc from 'fast-check'

/** A function that looks at input, and what that input is made of. */
export interface Target {
  /** Pieces of text that the function treats differently from others. */
  readonly fragments: readonly string[]
  /** As long as its input may be, about. */
  readonly length: number
  readonly run: (text: string) => unknown
}

/** Text of any length: a middle that is repeated between two ends. `§` in the middle becomes a number, so that no two are the same. */
export interface Pump {
  readonly head: string
  readonly middle: string
  readonly tail: string
}

export interface Finding {
  readonly pump: Pump
  /** What the longer input costs. */
  readonly cost: number
  /** By how much a character of the longer input costs more than one of the shorter input. */
  readonly factor: number
}

/** What a run costs, in a unit of its own. */
export type Cost = (run: () => unknown) => number | Promise<number>

/** The longer of two inputs is so many times as long as the shorter one. */
const STEP = 4
/** With the inputs this far apart, quadratic time makes a character cost four times as much. */
export const SUSPICIOUS_FACTOR = 2.5

/** Milliseconds on all threads of the process. What else runs on the machine does not count. */
export async function cpuTime(run: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

export const pumps = (fragments: readonly string[]): fc.Arbitrary<Pump> => {
  const pieces = (minLength: number, maxLength: number) =>
    fc.array(fc.constantFrom(...fragments), { minLength, maxLength }).map(parts => parts.join(''))
  return fc.record({ head: pieces(0, 2), middle: pieces(1, 3), tail: pieces(0, 2) })
}

export function textOf({ head, middle, tail }: Pump, length: number): string {
  if (middle === '') return head + tail
  let text = head
  for (let i = 0; text.length < length; i++) text += middle.replaceAll('§', i.toString(36).padStart(4, '0'))
  return text + tail
}

/** Compares a long input with one that is a quarter as long; undefined where the cost grows with the length. */
export async function superLinear(
  { run, length }: Target,
  pump: Pump,
  { cost = cpuTime, floor }: { cost?: Cost; floor: number },
): Promise<Finding | undefined> {
  const [short, long] = [textOf(pump, length / STEP), textOf(pump, length)]
  // What else a process does, such as compiling and collecting garbage, only makes a run dearer.
  let [low, high] = [await cost(() => run(short)), await cost(() => run(long))]
  for (const repeats of [3, 5, 12]) {
    // No noise lasts as long.
    for (let i = 0; i < repeats && high < 100 * floor; i++) {
      low = Math.min(low, await cost(() => run(short)))
      high = Math.min(high, await cost(() => run(long)))
      if (high < floor) return undefined
    }
    if (high / low / STEP < SUSPICIOUS_FACTOR) return undefined
  }
  return { pump, cost: high, factor: high / low / STEP }
}
