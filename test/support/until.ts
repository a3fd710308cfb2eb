/** Resolves when the condition holds: for what tells nobody when it happens. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 10 seconds: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
