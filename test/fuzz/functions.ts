import fc from 'fast-check'
import { Origins } from '../../plugins/access/allowed-origins.js'
import { holdsCredentials, shownCredentials } from '../../src/access/credentials.js'
import { Grants } from '../../src/access/grants.js'
import { forSubject, RulesError, readRules } from '../../src/access/rules.js'
import { parseHistoryRules } from '../../src/brokers/history-rules.js'
import { ConfigError } from '../../src/config/config.js'
import { readConfig } from '../../src/config/environment.js'
import { networkOf } from '../../src/limits/network.js'
import { readRate } from '../../src/limits/rate.js'
import { mediaType } from '../../src/messages/content-type.js'
import { encodeId, readCursor } from '../../src/messages/cursor.js'
import { globMatcher } from '../../src/messages/glob.js'
import { Message } from '../../src/messages/message.js'
import { channelProblem, eventTypeProblem, isChannelName, isGlob, patternProblem } from '../../src/messages/names.js'
import { channelTopic } from '../../src/messages/topic.js'
import { requireJson } from '../../src/protocol/json.js'
import { Problem } from '../../src/protocol/problems.js'
import { readRequest } from '../../src/protocol/session-protocol.js'
import { sse } from '../../src/protocol/sse.js'
import { readIdempotencyKey, requireKey } from '../../src/publishing/idempotency.js'
import { argumentsFromJson, pipelineFromBody, readCommand } from '../../src/upstash/commands.js'
import { hostileText, jsonText } from './texts.js'

/** Throws nothing but the errors that are meant for the caller. */
function harmless<Value>(run: () => Value): Value | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof Problem || error instanceof ConfigError) return undefined
    throw error
  }
}

const bytes = fc.uint8Array({ maxLength: 100 }).map(array => Buffer.from(array))
const SETTINGS = [
  'PORT',
  'HOST',
  'WORKERS',
  'REDIS_URL',
  'ALLOWED_ORIGINS',
  'TRUST_PROXY',
  'PUBLISH_RATE',
  'HISTORY',
  'MAX_STREAMS',
  'API_KEYS',
  'JWT_KEYS',
  'REQUEST_TIMEOUT_SECONDS',
] // prettier-ignore
const origins = new Origins('https://app.example.com')

/** What must hold of the functions that look at input first, whatever the input. */
export const properties: Record<string, fc.IRawProperty<unknown>> = {
  'channel names': fc.property(hostileText(), name => {
    if (channelProblem(name) !== undefined) return
    if (!/^[\w.:-]{1,128}$/.test(name) || name.startsWith('carillon:')) throw new Error(`takes ${JSON.stringify(name)}`)
  }) as fc.IRawProperty<unknown>,
  patterns: fc.property(hostileText(), hostileText(), (pattern, name) => {
    if (patternProblem(pattern) !== undefined) return
    if (!isGlob(pattern) || pattern.startsWith('carillon:')) throw new Error(`takes ${JSON.stringify(pattern)}`)
    if (isChannelName(name)) globMatcher(pattern)(name)
  }) as fc.IRawProperty<unknown>,
  'event types': fc.property(hostileText(), type => {
    if (eventTypeProblem(type) === undefined && /[^!-~]/.test(type)) throw new Error(`takes ${JSON.stringify(type)}`)
  }) as fc.IRawProperty<unknown>,
  'content types': fc.property(hostileText(), type => {
    mediaType(type)
  }) as fc.IRawProperty<unknown>,
  'JSON bodies': fc.property(fc.oneof(bytes, jsonText().map(Buffer.from)), body => {
    harmless(() => requireJson(body))
  }) as fc.IRawProperty<unknown>,
  'frames of the multiplexed WebSocket': fc.property(fc.oneof(bytes, jsonText().map(Buffer.from)), frame => {
    readRequest(frame)
  }) as fc.IRawProperty<unknown>,
  'messages in SSE': fc.property(fc.oneof(bytes, hostileText().map(Buffer.from)), data => {
    const lines = sse
      .encode(new Message({ channel: 'a', data }))
      .toString()
      .split(/\r\n|\r|\n/)
    const isEnvelope = lines[0] === 'event: envelope'
    const rest = isEnvelope ? lines.slice(1) : lines
    if (!rest.slice(0, -2).every(line => line.startsWith('data: ')))
      throw new Error(`a line of its own in ${JSON.stringify(lines)}`)
  }) as fc.IRawProperty<unknown>,
  cursors: fc.property(hostileText(), fc.nat(2 ** 40), fc.nat(0xffffff), (text, offset, tag) => {
    readCursor(text, ['news', 'sport'])
    const [mark] = readCursor(`${encodeId('news', { epoch: '0011223344556677', offset, tag })}.${text}`, ['news'])
    if (mark && mark.offset !== offset && !text.includes('.')) throw new Error(`reads ${JSON.stringify(mark)}`)
  }) as fc.IRawProperty<unknown>,
  'idempotency keys': fc.property(hostileText(), text => {
    const key = harmless(() => readIdempotencyKey(text))
    if (key !== undefined && !/^[ -~]{1,255}$/.test(key)) throw new Error(`takes ${JSON.stringify(key)}`)
    harmless(() => requireKey(text))
  }) as fc.IRawProperty<unknown>,
  credentials: fc.property(hostileText(), hostileText(), hostileText(), (authorization, cookie, subprotocols) => {
    const shown = harmless(() => shownCredentials({ authorization, cookie, cookieName: 'token', subprotocols }))
    if (shown?.way === 'header' && !/^[A-Za-z0-9._~+/-]+=*$/.test(shown.value))
      throw new Error(`takes ${JSON.stringify(shown)}`)
    holdsCredentials(cookie)
  }) as fc.IRawProperty<unknown>,
  rights: fc.property(fc.jsonValue(), hostileText(), hostileText(), (value, pattern, subject) => {
    for (const rules of [value, { subscribe: [pattern] }, { publish: [`user:{sub}:${pattern}`] }])
      try {
        new Grants(forSubject(readRules(rules), subject)).cover('subscribe', channelTopic(subject))
      } catch (error) {
        if (!(error instanceof RulesError)) throw error
      }
  }) as fc.IRawProperty<unknown>,
  "commands of Upstash's protocol": fc.property(
    fc.oneof(fc.array(hostileText(), { maxLength: 4 }), fc.jsonValue()),
    hostileText(),
    (value, first) => {
      harmless(() => readCommand(argumentsFromJson(value)))
      const command = harmless(() => readCommand(argumentsFromJson([first, 'news', 'x'])))
      if (command && command.name !== 'publish') throw new Error(`takes ${JSON.stringify(first)}`)
      harmless(() => pipelineFromBody(Buffer.from(first)))
    },
  ) as fc.IRawProperty<unknown>,
  origins: fc.property(hostileText(), hostileText(), (origin, host) => {
    const judged = origins.judge({ origin }, host)
    if (judged === 'any' || judged === 'none') throw new Error(`${JSON.stringify(origin)} is ${judged}`)
  }) as fc.IRawProperty<unknown>,
  addresses: fc.property(fc.oneof(hostileText(), fc.ipV4(), fc.ipV6()), address => {
    if (/NaN|undefined/.test(networkOf(address)) && !/NaN|undefined/.test(address)) throw new Error(networkOf(address))
  }) as fc.IRawProperty<unknown>,
  settings: fc.property(fc.dictionary(fc.constantFrom(...SETTINGS), hostileText(), { maxKeys: 3 }), environment => {
    const config = harmless(() => readConfig(environment))
    if (!config) return
    harmless(() => new Origins(config.ALLOWED_ORIGINS ?? ''))
    harmless(() => readRate(config.PUBLISH_RATE ?? ''))
    harmless(() => parseHistoryRules(config.HISTORY))
  }) as fc.IRawProperty<unknown>,
}
