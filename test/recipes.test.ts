import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { containing, exactly, fencesOf, settingsOf } from './support/doc-page.js'
import { type GatewayProcess, startGateway } from './support/gateway.js'
import { Inbox } from './support/inbox.js'

/*
 * The commands of docs/recipes.md, one after the other, as a reader would run them. `… npm start` is a gateway with
 * these settings; `curl -N` listens until the end; what stands in the block behind any other command is what it
 * prints, where `…` is anything.
 */
const blocks = fencesOf('docs/recipes.md')

t.test('the commands of the recipes print what the page says', async t => {
  let gateway: GatewayProcess = await startGateway(t)
  const streamed = new Inbox<string>()
  const listeners: ChildProcess[] = []
  t.teardown(() => {
    for (const listener of listeners) listener.kill()
  })
  let ran = 0
  for (const [i, { language, text }] of blocks.entries()) {
    if (language !== 'sh') continue
    const command = text.replaceAll('127.0.0.1:3000', `127.0.0.1:${gateway.port}`)
    const settings = /^(.*) npm start$/.exec(command)?.[1]
    if (settings !== undefined) {
      gateway = await startGateway(t, settingsOf(settings))
    } else if (command.startsWith('curl -N ')) {
      const curl = spawn('bash', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'ignore'] })
      listeners.push(curl)
      createInterface(curl.stdout).on('line', line => streamed.put(line))
      await streamed.find(line => line.startsWith('retry: '))
    } else {
      const { stdout } = await promisify(execFile)('bash', ['-c', command.replace('curl ', 'curl --silent ')])
      const printed = blocks[i + 1]
      if (printed?.language === 'json') t.match(stdout, exactly(printed.text), text)
      if (printed?.language === 'text') t.match(stdout, containing(printed.text), text)
      ran++
    }
  }
  t.ok(ran >= 9)
  t.ok(await streamed.find(line => line === 'data: {"channel":"metrics:cpu","data":"42"}'))
})
