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
  t.equal(chooseSubprotocol(new Set(['mqtt'])), 'mqtt')
  t.equal(chooseSubprotocol(new Set(['carillon.bearer.x'])), false)
  t.equal(chooseSubprotocol(new Set()), false)
})

t.test('knows credentials in a URL, by the parameter or by the value', async t => {
  for (const url of [
    '/x?access_token=a',
    '/x?event=e&Token=a',
    '/x?api_key=a',
    '/x?apikey=a',
    '/x?jwt=',
    '/x?anything=eyJhbGciOiJIUzI1NiJ9.e30.x',
    `/x?after=carillon_${'a'.repeat(43)}`,
  ])
    t.ok(holdsCredentials(url), url)
  for (const url of [
    '/x?event=token',
    '/x?channel=carillon_demo',
    '/x?ticket=aaaaaaaa.bbb',
    '/x?channel=eyJ',
    '/token?limit=1',
    '/x?monkey=1',
  ])
    t.notOk(holdsCredentials(url), url)
})
