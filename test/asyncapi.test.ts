import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { asyncapiYaml } from '../scripts/asyncapi-document.js'
import { asyncapiFindings } from '../scripts/asyncapi-findings.js'
import { CONTROL_EVENTS } from '../src/protocol/format.js'
import { SessionAnswer, SessionRequest } from '../src/protocol/session-protocol.js'
import { packageFile, packageVersion } from '../src/support/package.js'
import { build } from './support/gateway.js'

const yaml = await readFile(packageFile('asyncapi.yaml'), 'utf8')
const document = parse(yaml)

t.test('asyncapi.yaml is what the schemas of the frames give', async t => {
  t.equal(yaml, asyncapiYaml(), 'run: npm run asyncapi, and commit asyncapi.yaml')
  t.match(document, { asyncapi: '3.0.0', info: { version: packageVersion() } })
})

t.test('the parser of AsyncAPI has nothing against it', async t => {
  t.same(await asyncapiFindings(yaml), [])
})

t.test('the parser would have something against a message that does not exist', async t => {
  const broken = yaml.replaceAll('#/components/messages/gap', '#/components/messages/gone')
  t.not(broken, yaml)
  t.ok((await asyncapiFindings(broken)).length > 0)
})

t.test('every stream of the gateway has a channel, and every message is sent or received in one', async t => {
  const { paths } = parse(await readFile(packageFile('openapi.yaml'), 'utf8'))
  const streams = Object.entries<{ get?: { tags?: string[] } }>(paths).filter(([, { get }]) =>
    get?.tags?.includes('stream'),
  )
  const addresses = Object.values<{ address: string }>(document.channels).map(({ address }) => address)
  t.same(addresses.sort(), streams.map(([path]) => path).sort())

  const operations = JSON.stringify(document.operations)
  for (const [name, { messages }] of Object.entries<{ messages: object }>(document.channels))
    for (const message of Object.keys(messages)) t.match(operations, `#/channels/${name}/messages/${message}`)
})

t.test('every frame of the multiplexed WebSocket and every control event has its message', async t => {
  const { messages } = document.components
  const frames = Object.keys(messages).filter(name => /^(?:request|answer)[A-Z]/.test(name))
  t.equal(frames.length, SessionRequest.anyOf.length + SessionAnswer.anyOf.length)
  t.same(frames, [
    'requestSubscribe',
    'requestUnsubscribe',
    'requestPublish',
    'requestPing',
    'answerTopic',
    'answerPublished',
    'answerPong',
    'answerError',
  ])
  for (const event of CONTROL_EVENTS) t.match(messages[event], { headers: { properties: { event: { const: event } } } })
})

t.test('GET /asyncapi.json serves the document', async t => {
  const { url } = await build(t)
  const response = await fetch(`${url}/asyncapi.json`)
  t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  t.same(await response.json(), document)
})
