import t from 'tap'
import { CLOSE_REASONS } from '../../src/protocol/close-reasons.js'

t.test('every close code may be sent, RFC 6455 section 7.4, and its name fits into the frame', async t => {
  for (const [name, { code }] of Object.entries(CLOSE_REASONS)) {
    t.ok(code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code), `${name} ${code}`)
    t.ok(name.length <= 123, name)
  }
})

t.test('clients that cannot be reached get no retry time', async t => {
  for (const [name, { cut, again }] of Object.entries(CLOSE_REASONS)) t.notOk(cut && again, name)
})
