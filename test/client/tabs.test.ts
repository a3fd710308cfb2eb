import t from 'tap'
import { openBrowser } from '../support/browser.js'
import { listening, load, openClientPage, openContext } from '../support/client-page.js'
import { build } from '../support/gateway.js'

const browser = await openBrowser(t)
const { url } = await build(t)
const post = (channel: string, body: string) => fetch(`${url}/channels/${channel}`, { method: 'POST', body })
const listeners = async (channel: string) => {
  const response = await fetch(`${url}/channels/${channel}/subscribers`)
  return ((await response.json()) as { listeners: number }).listeners
}
const shared = (topics: string[]) => listening(topics, '{ share: true }')
const isLeader = `return (await navigator.locks.query()).held.filter(({ name }) => name.endsWith('/')).map(({ clientId }) => clientId)[0]`

t.test('three tabs have one connection, and each hears what it wants', async t => {
  const context = await openContext(t, browser)
  const [first, second, third] = [
    await openClientPage(context, url),
    await openClientPage(context, url),
    await openClientPage(context, url),
  ]
  await first.run(shared(['three', 'three:*']))
  await second.run(shared(['three']))
  await third.run(shared(['three:1']))
  await post('three', 'all')
  await post('three:1', 'some')
  t.match(await first.find(({ channel }) => channel === 'three'), { data: 'all' })
  t.same(await first.next(), { channel: 'three:1', data: 'some' })
  t.match(await second.find(({ channel }) => channel !== undefined), { channel: 'three', data: 'all' })
  t.match(await third.find(({ channel }) => channel !== undefined), { channel: 'three:1', data: 'some' })
  t.equal(await listeners('three'), 1)
  t.equal(await listeners('three:1'), 1)
  t.match(await second.run('return client.state'), 'open')
  await context.close()
})

t.test('a topic that only another tab wants comes by the one connection', async t => {
  const context = await openContext(t, browser)
  const [first, second] = [await openClientPage(context, url), await openClientPage(context, url)]
  await first.run(shared(['mine']))
  await second.run(shared(['yours']))
  await post('yours', 'x')
  t.match(await second.find(({ channel }) => channel !== undefined), { channel: 'yours', data: 'x' })
  t.match(await first.find(({ gap }) => gap !== undefined), { gap: { channel: 'mine', reason: 'resubscribed' } })
  t.equal(await listeners('mine'), 1)
  t.equal(await listeners('yours'), 1)
  await context.close()
})

t.test('when the tab with the connection is closed, another one takes over and tells what may be missing', async t => {
  const context = await openContext(t, browser)
  const [first, second, third] = [
    await openClientPage(context, url),
    await openClientPage(context, url),
    await openClientPage(context, url),
  ]
  await first.run(shared(['over', 'gone']))
  await second.run(shared(['over']))
  await third.run(shared(['over']))
  await post('over', 'before')
  for (const tab of [second, third]) await tab.find(({ data }) => data === 'before')
  const leader = await second.run<string>(isLeader)
  await first.page.close()
  for (const tab of [second, third]) {
    t.match(await tab.find(({ gap }) => gap !== undefined), { gap: { channel: 'over', reason: 'disconnected' } })
    t.same(await tab.find(({ state }) => state === 'open'), { state: 'open' })
  }
  t.not(await second.run<string>(isLeader), leader, 'another one holds the lock')
  await post('over', 'after')
  for (const tab of [second, third])
    t.same(await tab.find(({ data }) => data !== undefined), { channel: 'over', data: 'after' })
  t.equal(await listeners('over'), 1)
  await context.close()
})

t.test('while the leading tab is blocked, the others say that they are not connected', async t => {
  const context = await openContext(t, browser)
  const [first, second] = [await openClientPage(context, url), await openClientPage(context, url)]
  await first.run(shared(['blocked']))
  await second.run(shared(['blocked']))
  await second.find(({ state }) => state === 'open')
  // Reading a cookie waits for the browser, so the loop sees what the other tab sets, and nothing else runs in this one.
  const whileBlocked = first.run(
    `const end = Date.now() + 30_000; while (!document.cookie.includes('end=1') && Date.now() < end);`,
  )
  t.same(await second.find(({ state }) => state !== undefined), { state: 'connecting' })
  t.equal(await second.run('return client.state'), 'connecting')
  await post('blocked', 'meanwhile')
  await second.run(`document.cookie = 'end=1'`)
  await whileBlocked
  t.same(await second.find(({ data }) => data !== undefined), { channel: 'blocked', data: 'meanwhile' })
  if ((await second.run<string>('return client.state')) !== 'open') await second.find(({ state }) => state === 'open')
  t.equal(await second.run('return client.state'), 'open')
  await context.close()
})

t.test('a reloaded tab gets what it missed, and the others continue', async t => {
  const context = await openContext(t, browser)
  const [first, second] = [await openClientPage(context, url), await openClientPage(context, url)]
  const start = listening(['loaded'], '{ share: true, remember: true }')
  await first.run(start)
  await second.run(start)
  await load(second.page, url)
  await second.run(start)
  t.match(await second.find(({ gap }) => gap !== undefined), { gap: { channel: 'loaded', reason: 'disconnected' } })
  await post('loaded', 'x')
  for (const tab of [first, second])
    t.same(await tab.find(({ data }) => data !== undefined), { channel: 'loaded', data: 'x' })
  t.notOk(
    first.all.some(({ gap }) => gap),
    'the other one missed nothing',
  )
  await context.close()
})

t.test('where the browser cannot share, each tab has its own connection', async t => {
  const context = await openContext(t, browser)
  await context.addInitScript('delete window.BroadcastChannel')
  const [first, second] = [await openClientPage(context, url), await openClientPage(context, url)]
  for (const tab of [first, second]) await tab.run(shared(['alone']))
  await post('alone', 'x')
  for (const tab of [first, second])
    t.same(await tab.find(({ data }) => data !== undefined), { channel: 'alone', data: 'x' })
  t.equal(await listeners('alone'), 2)
  await context.close()
})
