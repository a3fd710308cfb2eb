import t from 'tap'
import { readTime } from '../../src/messages/time.js'

t.test('reads times and dates of RFC 3339', async t => {
  for (const [text, time] of [
    ['2026-02-28T12:30:15Z', Date.UTC(2026, 1, 28, 12, 30, 15)],
    ['2026-02-28t12:30:15.5z', Date.UTC(2026, 1, 28, 12, 30, 15, 500)],
    ['2026-02-28T12:30:15.123456789+02:00', Date.UTC(2026, 1, 28, 10, 30, 15, 123)],
    ['2028-02-29T00:00:00-00:30', Date.UTC(2028, 1, 29, 0, 30)],
    ['2026-12-31', Date.UTC(2026, 11, 31)],
    ['0000-02-29T00:00:00Z', Date.parse('0000-02-29T00:00:00Z')],
  ] as const)
    t.equal(readTime(text), time, text)
})

t.test('knows which dates and times do not exist', async t => {
  for (const text of [
    '2026-02-29',
    '2026-02-31T00:00:00Z',
    '2100-02-29T00:00:00Z',
    '2026-04-31',
    '2026-00-10',
    '2026-13-01',
    '2026-01-00',
    '2026-01-32',
    '2026-01-01T24:00:00Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00+00:60',
  ])
    t.same(readTime(text), Number.NaN, text)
})

t.test('takes nothing else for a time, least of all one whose meaning depends on where the gateway runs', async t => {
  for (const text of [
    '',
    'tuesday',
    '2026',
    '2026-01',
    '2026-1-1',
    '2026-01-01T00:00',
    '2026-01-01T00:00:00',
    '1 Jan 2026',
  ])
    t.equal(readTime(text), undefined, text)
})
