import { STATUS_CODES } from 'node:http'
import t from 'tap'
import { PROBLEMS, type ProblemType } from '../../src/protocol/problem-types.js'
import { Problem, upgradeRequired } from '../../src/protocol/problems.js'

const types = Object.keys(PROBLEMS) as ProblemType[] // the keys of the table are its types

t.test('every problem has a true error status, a title of its own, and says what it means', async t => {
  for (const type of types) {
    const [status, title, meaning] = PROBLEMS[type]
    t.ok(status >= 400 && STATUS_CODES[status], type)
    t.match(type, /^[a-z]+(-[a-z]+)*$/)
    t.match(meaning, /\.$/)
    t.equal(types.filter(other => PROBLEMS[other][1] === title).length, 1, `${title} is the title of one`)
  }
})

t.test('a problem writes itself as RFC 9457 asks, and nothing of its cause', async t => {
  const problem = new Problem('invalid-json', undefined, {}, { cause: new Error('secret') })
  t.equal(
    JSON.stringify(problem),
    JSON.stringify({
      type: 'urn:carillon:problem:invalid-json',
      title: 'Invalid JSON',
      status: 400,
      detail: PROBLEMS['invalid-json'][2],
    }),
  )
  t.equal(problem.status, 400)
  t.match(new Problem('invalid-json', 'The body is not UTF-8.').toJSON(), { detail: 'The body is not UTF-8.' })
})

t.test('a plain request to a WebSocket path gets 426', async t => {
  t.equal(upgradeRequired().status, 426)
  t.same(upgradeRequired().headers, { upgrade: 'websocket', connection: 'upgrade, close' })
})
