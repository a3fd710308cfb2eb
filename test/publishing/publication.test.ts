import t, { type Test } from 'tap'
import type { ProblemType } from '../../src/protocol/problem-types.js'
import type { Problem } from '../../src/protocol/problems.js'
import { checkPublication, publicationFromBody, publicationFromJson } from '../../src/publishing/publication.js'

const throwsProblem = (t: Test, type: ProblemType, act: () => unknown): void => {
  try {
    act()
    t.fail(`no ${type}`)
  } catch (error) {
    t.equal((error as Problem).type, type) // anything else has no such type
  }
}

t.test('leaves the body as it is, JSON included', async t => {
  for (const [type, text] of [
    ['application/json', '{ "a" : 1.0 }\n'],
    ['application/ld+json; charset=utf-8', ' "x" '],
    ['text/plain', '{'],
    ['application/x-www-form-urlencoded', 'a=b&c'],
    [undefined, '\xff'],
  ] as const) {
    const body = Buffer.from(text, 'latin1')
    t.equal(publicationFromBody('news', undefined, { 'content-type': type }, body).data, body)
  }
})

t.test('takes no body for an empty message, but not for JSON', async t => {
  t.same(publicationFromBody('news', undefined, {}, undefined), { channel: 'news', data: Buffer.alloc(0) })
  throwsProblem(t, 'invalid-json', () =>
    publicationFromBody('news', undefined, { 'content-type': 'application/json' }, undefined),
  )
})

t.test('has an event type only where one was given', async t => {
  t.notOk('event' in publicationFromBody('news', undefined, { 'content-type': 'text/plain' }, Buffer.from('a')))
  t.equal(publicationFromBody('news', 'price', { 'content-type': 'text/plain' }, Buffer.from('a')).event, 'price')
  t.notOk('event' in publicationFromJson({ channel: 'news', data: 'a' }))
  t.equal(publicationFromJson({ channel: 'news', data: 'a', event: 'price' }).event, 'price')
})

for (const [what, bytes] of Object.entries({
  'cut off': '{"a":',
  'not JSON': 'hello',
  'in single quotes': "'a'",
  'behind a byte order mark': '\ufeff{}',
  '1,001 levels deep': `${'['.repeat(1001)}${']'.repeat(1001)}`,
  'never closed': '['.repeat(64 * 1024),
}))
  t.test(`refuses a JSON body that is ${what}`, async t => {
    throwsProblem(t, 'invalid-json', () =>
      publicationFromBody('news', undefined, { 'content-type': 'application/json' }, Buffer.from(bytes)),
    )
  })

t.test('refuses a JSON body that is not UTF-8', async t => {
  const bytes = Buffer.from('"\xe9"', 'latin1')
  throwsProblem(t, 'invalid-json', () =>
    publicationFromBody('news', undefined, { 'content-type': 'application/json' }, bytes),
  )
})

t.test('takes JSON up to the depth it tells, and brackets in strings for no depth', async t => {
  for (const text of [
    `${'['.repeat(1000)}${']'.repeat(1000)}`,
    JSON.stringify('["\\'.repeat(1001)),
    '[[],{}]'.repeat(1),
  ])
    t.ok(publicationFromBody('news', undefined, { 'content-type': 'application/json' }, Buffer.from(text)))
})

t.test('refuses what it cannot tell the type of', async t => {
  throwsProblem(t, 'unsupported-media-type', () =>
    publicationFromBody('news', undefined, { 'content-type': 'text' }, Buffer.from('a')),
  )
})

t.test('takes text and base64 from JSON', async t => {
  t.equal(`${publicationFromJson({ channel: 'news', data: '🔔\r\n' }).data}`, '🔔\r\n')
  t.same(publicationFromJson({ channel: 'news', data: '/wD+', encoding: 'base64' }).data, Buffer.from([255, 0, 254]))
  t.equal(publicationFromJson({ channel: 'news', data: '', encoding: 'base64' }).data.length, 0)
})

for (const data of ['a', 'ab', 'abc', 'ab=', 'a===', '====', '=abc', 'ab==cd==', 'ab_-', 'ab c', 'abcd\n', 'é==='])
  t.test(`refuses ${encodeURIComponent(data)} as base64`, async t => {
    throwsProblem(t, 'invalid-request', () => publicationFromJson({ channel: 'news', data, encoding: 'base64' }))
  })

t.test('refuses a string that no UTF-8 can carry, rather than change it', async t => {
  throwsProblem(t, 'invalid-request', () => publicationFromJson({ channel: 'news', data: 'a\ud800' }))
})

t.test('refuses names that a client cannot use', async t => {
  const data = Buffer.from('a')
  throwsProblem(t, 'invalid-channel', () => checkPublication({ channel: 'a*', data }))
  throwsProblem(t, 'reserved-channel', () => checkPublication({ channel: 'carillon:x', data }))
  throwsProblem(t, 'invalid-event-type', () => checkPublication({ channel: 'news', data, event: 'gap' }))
  throwsProblem(t, 'invalid-event-type', () => checkPublication({ channel: 'news', data, event: '' }))
})
