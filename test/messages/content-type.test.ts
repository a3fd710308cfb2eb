import t from 'tap'
import { isJsonType, mediaType } from '../../src/messages/content-type.js'

for (const [header, type] of [
  [undefined, 'application/octet-stream'],
  ['text/plain', 'text/plain'],
  ['Application/JSON', 'application/json'],
  ['application/json; charset=utf-8', 'application/json'],
  ['application/json ; charset="utf-8"; a=b', 'application/json'],
  ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded'],
  ['application/vnd.api+json', 'application/vnd.api+json'],
  ['multipart/form-data; boundary=----x', 'multipart/form-data'],
  ['text/plain;', 'text/plain'],
  ['text/plain; ', 'text/plain'],
  ['text/plain ;; ; a=b;', 'text/plain'],
  ['text/plain;\ta=b', 'text/plain'],
  ['text/plain \t ;  \t a=b', 'text/plain'],
  ['text/plain; a="\\"; b=\\\\"', 'text/plain'],
  ['text/plain; a=";\t\xe9"', 'text/plain'],
] as const)
  t.test(`${header} is the type ${type}`, async t => {
    t.equal(mediaType(header), type)
  })

const malformed = [
  '',
  ' ',
  'text',
  'text/',
  '/plain',
  ' text/plain',
  'text /plain',
  'text/plain; a',
  'text/plain; a=',
  'text/plain; a = b',
  'text/plain; a="b',
  'text/plain; a="\\"',
  'text/plain; a="\n"',
  'text/plain;\xa0a=b',
  'a/b, c/d',
  'text/plain\n',
  'tëxt/plain',
]
for (const header of malformed)
  t.test(`${encodeURIComponent(header)} is malformed`, async t => {
    t.equal(mediaType(header), undefined)
  })

t.test('JSON types are application/json and +json suffixes, and nothing that only starts like them', async t => {
  for (const type of ['application/json', 'application/ld+json', 'x/y+json']) t.ok(isJsonType(type), type)
  for (const type of ['application/jsonl', 'application/x-ndjson', 'text/plain', 'json', 'application/json-seq'])
    t.notOk(isJsonType(type), type)
})
