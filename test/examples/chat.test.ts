import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/browser.js'
import { pageOf, runExample } from '../support/example.js'
import { startRedis } from '../support/redis.js'

/** The example as its README starts it, with Ann and Ben each in a page and Cem in a terminal, one after the other. */
async function startChat(t: Test) {
  const redis = await startRedis(t)
  const server = runExample(t, 'chat/run.js', { environment: { REDIS_URL: redis.url } })
  const url = await pageOf(server)
  const browser = await openBrowser(t)
  const join = async (name: string) => {
    const page = await browser.newPage()
    await page.goto(`${url}/?name=${name}`)
    await page.getByText('in the room').waitFor()
    return page
  }
  const ann = await join('Ann')
  const ben = await join('Ben')
  const cem = runExample(t, 'chat/terminal.js', { args: ['Cem', url] })
  await cem.find(line => line.includes('in the room'))
  return { redis, server, ann, ben, cem }
}

const say = async (page: Page, text: string) => {
  await page.getByLabel('Your line').fill(text)
  await page.getByRole('button').click()
}

const linesOf = async (page: Page, count: number): Promise<string[]> => {
  await page
    .locator('li')
    .nth(count - 1)
    .waitFor()
  return page.locator('li').allTextContents()
}

// One room for all: to start it takes four processes and a browser.
t.test('chat', async t => {
  const { redis, server, ann, ben, cem } = await startChat(t)

  await t.test('three chatters are on three gateways', async t => {
    const upgrades = server.all.filter(line => line.startsWith('GET /channels/room/ws'))
    t.equal(upgrades.length, 3)
    t.equal(new Set(upgrades.map(line => line.split('→')[1])).size, 3)
  })

  await t.test('they see all lines in the same order', async t => {
    const numbers = [1, 2, 3, 4, 5]
    const talk = async (page: Page, name: string) => {
      for (const number of numbers) await say(page, `${name} ${number}`)
    }
    for (const number of numbers) cem.type(`cem ${number}`)
    await Promise.all([talk(ann, 'ann'), talk(ben, 'ben')])

    const seen = await linesOf(ann, 15)
    t.same([...seen].sort(), numbers.flatMap(n => [`Ann ann ${n}`, `Ben ben ${n}`, `Cem cem ${n}`]).sort())
    t.same(await linesOf(ben, 15), seen)
    t.same(
      await cem.take(15),
      seen.map(line => line.replace(' ', ': ')),
    )
  })

  await t.test('a message published directly in Redis reaches the room too', async t => {
    t.equal(await redis.cli('PUBLISH', 'room', 'hello from redis-cli'), '3')
    t.equal((await linesOf(ann, 16)).at(-1)?.trim(), 'hello from redis-cli')
    t.equal(await cem.next(), 'hello from redis-cli')
  })

  await t.test('they hear that lines may be missing when the gateways lost Redis', async t => {
    await redis.cli('CLIENT', 'KILL', 'TYPE', 'pubsub')
    t.equal((await linesOf(ann, 17)).at(-1), 'Some lines may be missing here.')
    t.match(await cem.next(), 'some lines may be missing')
  })

  await t.test('a terminal that closes leaves the room', async t => {
    cem.leave()
    t.equal(await cem.exited, 0)
  })
})
