import fc from 'fast-check'
import t from 'tap'
import { chooseSubprotocol, holdsCredentials, shownCredentials } from '../../src/access/credentials.js'

const cookieName = 'token'

for (const [what, carriers, expected] of [
  ['nothing', {}, undefined],
  ['a header', { authorization: 'Bearer a.b.c' }, { way: 'header', value: 'a.b.c' }],
  ['a header in another case', { authorization: 'bEARER  a.b.c ' }, { way: 'header', value: 'a.b.c' }],
  ['a cookie', { cookieName, cookie: 'a=1; token=a.b.c; tokens=x' }, { way: 'cookie', value: 'a.b.c' }],
  ['a cookie that nobody asked for', { cookie: 'token=a.b.c' }, undefined],
  ['other cookies', { cookieName, cookie: 'xtoken=1; tokenx=2; token' }, undefined],
  ['a subprotocol', { subprotocols: 'carillon, carillon.bearer.a.b.c' }, { way: 'subprotocol', value: 'a.b.c' }],
  ['other subprotocols', { subprotocols: 'mqtt, carillon' }, undefined],
  ['a ticket', { ticket: 't' }, { way: 'ticket', value: 't' }],
] as const)
  t.test(`reads ${what}`, async t => {
    t.same(shownCredentials(carriers), expected)
  })

for (const [what, carriers] of [
  ['another scheme', { authorization: 'Basic YTpi' }],
  ['a header without a token', { authorization: 'Bearer' }],
  ['an empty header', { authorization: '' }],
  ['two tokens in a header', { authorization: 'Bearer a b' }],
  ['a token with odd characters', { authorization: 'Bearer a,b' }],
  ['a header and a cookie', { authorization: 'Bearer a', cookieName, cookie: 'token=a' }],
  ['a header and a ticket', { authorization: 'Bearer a', ticket: 'a' }],
  ['a header and a subprotocol', { authorization: 'Bearer a', subprotocols: 'carillon, carillon.bearer.a' }],
  ['a cookie and a ticket', { cookieName, cookie: 'token=a', ticket: 'b' }],
  ['two cookies', { cookieName, cookie: 'token=a; token=b' }],
  ['two subprotocols', { subprotocols: 'carillon,carillon.bearer.a,carillon.bearer.b' }],
  ['a subprotocol that would have to be the answer', { subprotocols: 'carillon.bearer.a' }],
] as const)
  t.test(`refuses ${what}`, async t => {
    t.throws(() => shownCredentials(carriers), { name: 'Problem', type: 'malformed-credentials' })
  })

t.test('never answers with a subprotocol that holds a token', async t => {
  t.equal(chooseSubprotocol(new Set(['carillon.bearer.x', 'carillon'])), 'carillon')
  t.equal(chooseSubprotocol(new Set(['mqtt'])), false)
  t.equal(chooseSubprotocol(new Set(['mqtt', 'carillon'])), 'carillon')
  t.equal(chooseSubprotocol(new Set(['carillon.bearer.x'])), false)
  t.equal(chooseSubprotocol(new Set()), false)
})

const HEADER = Buffer.from('{"alg":"HS256"}').toString('base64url')
const SPACED_HEADER = Buffer.from('{\n "typ": "JWT", "alg": "ES256" }').toString('base64url')

t.test('finds credentials in a URL, by the name of the parameter or by its value', async t => {
  for (const url of [
    '/x?access_token=a',
    '/x?event=e&Token=a',
    '/x?api_key=a',
    '/x?api-key=a',
    '/x?apikey=a',
    '/x?jwt=',
    '/x?access%5ftoken=a',
    '/x?channel=a?access_token=a',
    '/x?anything=eyJhbGciOiJIUzI1NiJ9.e30.x',
    `/x?after=${HEADER}.e30.x`,
    `/x?last_event_id=${HEADER}.e30.`,
    `/x?channel=news&since=${SPACED_HEADER}.e30.x`,
    `/x?after=${HEADER}%2ee30%2Ex`,
    `/x?after=carillon_${'a'.repeat(43)}`,
  ])
    t.ok(holdsCredentials(url), url)
  for (const url of [
    '/x',
    '/x?',
    '/x?=',
    '/x?event=token',
    '/x?channel=carillon_demo',
    '/x?ticket=aaaaaaaa.bbb',
    '/x?channel=eyJ',
    '/x?channel=eyJhbGciOiJIUzI1NiJ9',
    '/x?channel=eyJ-no-json-at-all-in-here.e30.x',
    '/token?limit=1',
    '/x?monkey=1',
    '/x?a=%zz&b=%',
  ])
    t.notOk(holdsCredentials(url), url)
})

t.test('never mistakes a cursor for a token, no matter its bytes', async t => {
  t.notOk(holdsCredentials('/x?after=eYJvVAC9AQ.SrDtwJERAQ'))
  t.notOk(holdsCredentials('/x?after=eyJvVAC9AQ.SrDtwJERAQ.SrDtwJERAQ'))
  // The bytes of an id are a checksum, a check and an offset: these spell JSON.
  for (const json of ['{"a":1}', '{"":""}', '{"alg":1}', '{"alg":""}', '{"alg":"x"}']) {
    const id = Buffer.from(json).toString('base64url')
    t.notOk(holdsCredentials(`/x?after=${id}.${id}.${id}`), json)
  }
  const hostile = fc.tuple(fc.constantFrom('', '{', '{"', '{"alg":'), fc.uint8Array({ minLength: 6, maxLength: 12 }))
  const id = hostile.map(([head, bytes]) => Buffer.concat([Buffer.from(head), bytes]).subarray(0, 12))
  const cursor = fc.array(id, { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(cursor, ids => !holdsCredentials(`/x?after=${ids.map(id => id.toString('base64url')).join('.')}`)),
  )
})
