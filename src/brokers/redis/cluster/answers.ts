/** The names of several `PUBSUB CHANNELS`, each once. */
export const uniqueNames = (answers: readonly unknown[]): string[] => [...new Set((answers as string[][]).flat())] // as the command gives them

/** The sums of several `PUBSUB NUMSUB`: each is name, count, name, count … in the order of `names`. */
export function sumCounts(names: readonly string[], answers: readonly unknown[]): number[] {
  return names.map((_, i) =>
    (answers as (string | number)[][]).reduce((sum, answer) => sum + Number(answer[i * 2 + 1]), 0),
  ) // as the command gives them
}
