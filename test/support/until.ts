/** Resolves when the condition holds: for what tells nobody when it happens. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  { seconds = 10 }: { seconds?: number } = {},
): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} seconds: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
