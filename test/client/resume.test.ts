import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { type ClientPage, listening, load, openClientPage, openContext } from '../support/client-page.js'
import { startKeeping } from '../support/keeping-server.js'

const browser = await openBrowser(t)

/** All messages up to the last one: each once, in order, and no gap in between. */
async function expectWhole(t: Tap, client: ClientPage, texts: string[]) {
  await client.find(({ data }) => data === texts.at(-1))
  t.same(
    client.all.flatMap(({ data }) => (data === undefined ? [] : [data])),
    texts,
  )
  t.same(
    client.all.filter(({ gap }) => gap),
    [],
  )
}
type Tap = Pick<typeof t, 'same'>

t.test('a stream that is cut goes on where it was', async t => {
  const server = await startKeeping(t)
  const client = await openClientPage(await openContext(t, browser), server.url)
  await client.run(listening(['kept']))
  server.publish('1', '2')
  await client.find(({ data }) => data === '2')
  server.cut()
  server.publish('3', '4')
  await client.find(({ data }) => data === '4')
  server.publish('5')
  await expectWhole(t, client, ['1', '2', '3', '4', '5'])
  t.same(server.asked, [undefined, 'i2'])
})

t.test('a topic more, or a spent ticket, opens another stream at the same place', async t => {
  const server = await startKeeping(t)
  const client = await openClientPage(await openContext(t, browser), server.url)
  await client.run(listening(['kept'], `{ ticket: async () => 't' }`))
  server.publish('1')
  await client.find(({ data }) => data === '1')
  server.publish('2')
  await client.run(`await client.subscribe('other', () => {}).live`)
  server.publish('3')
  await expectWhole(t, client, ['1', '2', '3'])
  t.equal(server.asked.length, 2)
  t.match(server.asked[1], /^i[12]$/)
})

t.test('a page that remembers goes on after a reload where it was', async t => {
  const server = await startKeeping(t)
  const client = await openClientPage(await openContext(t, browser), server.url)
  const start = listening(['kept'], '{ remember: true }')
  await client.run(start)
  server.publish('1', '2')
  await client.find(({ data }) => data === '2')
  await client.page.goto('about:blank')
  server.publish('3', '4')
  await load(client.page, server.url)
  await client.run(start)
  server.publish('5')
  await expectWhole(t, client, ['1', '2', '3', '4', '5'])
  t.same(server.asked, [undefined, 'i2'])
})

t.test('when the tab with the connection is closed in the middle of it, the others have all of it', async t => {
  const server = await startKeeping(t)
  const context = await openContext(t, browser)
  const tabs = [
    await openClientPage(context, server.url),
    await openClientPage(context, server.url),
    await openClientPage(context, server.url),
  ]
  for (const tab of tabs) await tab.run(listening(['kept'], '{ share: true }'))
  t.equal(server.streams, 1)
  const texts: string[] = []
  const timer = setInterval(() => {
    texts.push(`${texts.length + 1}`)
    server.publish(`${texts.length}`)
  }, 2)
  t.teardown(() => clearInterval(timer))
  const [first, ...others] = tabs
  for (const tab of tabs) await tab.find(({ data }) => Number(data) > 50)
  await first?.page.close()
  const sent = texts.length
  for (const tab of others) await tab.find(({ data }) => Number(data) > sent)
  await others[0]?.page.close()
  const later = texts.length
  await others[1]?.find(({ data }) => Number(data) > later)
  clearInterval(timer)
  server.publish('end')
  if (others[1]) await expectWhole(t, others[1], [...texts, 'end'])
  t.equal(server.streams, 1)
  t.match(server.asked, [undefined, /^i\d+$/, /^i\d+$/])
})
