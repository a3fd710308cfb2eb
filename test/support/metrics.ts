/**
 * What Prometheus would read: the value of each series of ours. With a timeout, as Prometheus has one: Node forgets
 * a connection that it has handed to a worker which is killed before it takes it.
 */
export async function scrape(url: string): Promise<Record<string, number>> {
  const response = await fetch(`${url}/metrics`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(5000),
  })
  const lines = (await response.text()).split('\n').filter(line => line.startsWith('carillon_'))
  return Object.fromEntries(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]))
}
