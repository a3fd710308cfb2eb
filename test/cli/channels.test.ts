import t from 'tap'
import { openSse } from '../support/clients.js'
import { build } from '../support/gateway.js'
import { runCli, startCli } from '../support/run-cli.js'

t.test('lists channels with both counts: JSON lines in a pipe, a table on a terminal', async t => {
  const { url } = await build(t)
  const environment = { CARILLON_URL: url, NO_COLOR: '1' }
  const empty = await runCli(t, ['channels'], { environment, terminal: true })
  t.match(empty.stdout, /^No channel that matches \* has listeners/)
  for (const channel of ['news', 'chat:1', 'chat:1']) await openSse(t, `${url}/channels/${channel}/events`)

  const { code, stdout } = await runCli(t, ['channels', 'chat:*'], { environment })
  t.same([code, JSON.parse(stdout)], [0, { channel: 'chat:1', subscribers: 1, listeners: 2 }])
  const table = await runCli(t, ['channels'], { environment, terminal: true })
  t.equal(
    table.stdout.replaceAll('\r', ''),
    'CHANNEL  SUBSCRIBERS  LISTENERS\nchat:1             1          2\nnews               1          1\n',
  )
  t.equal((await runCli(t, ['channels', 'a', 'b'], { environment })).code, 2)
  t.equal((await runCli(t, ['channels', '[a'], { environment })).code, 3)
})

t.test('--watch shows what comes and goes', async t => {
  const { url } = await build(t)
  const watch = startCli(t, ['channels', '--watch', '--every', '0.1', '--url', url], { terminal: true })
  await watch.until(/No channel/)
  const stream = await openSse(t, `${url}/channels/news/events`)
  await watch.until(/news/)
  stream.close()
  await watch.until(/news[\s\S]*No channel/)
  watch.kill()
  await watch.exited
})
