import fc from 'fast-check'
import { ConfigError } from '../../src/config.js'
import { mediaType } from '../../src/content-type.js'
import { readConfig } from '../../src/environment.js'
import { sseFrame } from '../../src/frames.js'
import { globMatcher } from '../../src/glob.js'
import { parseHistoryRules } from '../../src/history-rules.js'
import { requireJson } from '../../src/json.js'
import { Message } from '../../src/message.js'
import { channelProblem, eventTypeProblem, isChannelName, isGlob, patternProblem } from '../../src/names.js'
import { networkOf } from '../../src/network.js'
import { Origins } from '../../src/origins.js'
import { Problem } from '../../src/problems.js'
import { readRate } from '../../src/rate.js'
import { readRequest } from '../../src/session-protocol.js'
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
    const lines = sseFrame(new Message({ channel: 'a', data }))
      .toString()
      .split(/\r\n|\r|\n/)
    const isEnvelope = lines[0] === 'event: envelope'
    const rest = isEnvelope ? lines.slice(1) : lines
    if (!rest.slice(0, -2).every(line => line.startsWith('data: ')))
      throw new Error(`a line of its own in ${JSON.stringify(lines)}`)
  }) as fc.IRawProperty<unknown>,
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
