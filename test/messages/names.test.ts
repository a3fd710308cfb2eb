import t from 'tap'
import {
  channelProblem,
  eventTypeProblem,
  isChannelName,
  isEventType,
  isGlob,
  isReservedChannel,
  patternProblem,
  RESERVED_EVENT_TYPES,
} from '../../src/messages/names.js'

t.test('takes the names of channels as the rule gives them', async t => {
  for (const name of ['a', 'Z9', '0', 'chat:1', 'a.b_c-d:e', 'constructor', 'x'.repeat(128)]) {
    t.ok(isChannelName(name), name)
    t.equal(channelProblem(name), undefined)
  }
})

t.test('refuses every name in which something else could hide', async t => {
  const control = Array.from({ length: 33 }, (_, i) => `a${String.fromCharCode(i)}`)
  const odd = [
    '',
    '.',
    '..',
    ':',
    '-a',
    '_a',
    '__proto__',
    'a*',
    'a?',
    'a[b]',
    'a\\',
    'a{b}',
    'a/b',
    'a%2F',
    'é',
    '🔔',
    'a\u007f',
  ]
  for (const name of [...control, ...odd, 'x'.repeat(129), 'news\n', '\nnews', 'a\u2028']) {
    t.notOk(isChannelName(name), encodeURIComponent(name))
    t.equal(channelProblem(name), 'invalid-channel')
  }
})

t.test('keeps names that begin with the own prefix for itself, and no others', async t => {
  for (const name of ['carillon:', 'carillon:x', 'carillon:meta:x']) {
    t.ok(isReservedChannel(name))
    t.equal(channelProblem(name), 'reserved-channel')
  }
  for (const name of ['carillon', 'Carillon:x', 'carillon.x', 'a:carillon:']) t.equal(channelProblem(name), undefined)
  t.equal(channelProblem('carillon:{x}'), 'invalid-channel')
})

t.test('takes globs of names, wildcards and closed classes', async t => {
  for (const glob of ['*', '?', '-', 'chat:*', '[abc]', '[a-f]', '[^a]', '[^a-f0-9.]x', '*'.repeat(128)]) {
    t.ok(isGlob(glob), glob)
    t.equal(patternProblem(glob), undefined)
  }
})

t.test('refuses globs that mean different things to different readers', async t => {
  const odd = [
    '',
    '[',
    ']',
    '[]',
    '[^]',
    'a[',
    '[a',
    '[a]]',
    '[[a]]',
    '[a-]',
    '[-a]',
    '[a-b-c]',
    '[*]',
    '\\*',
    'a{b}',
    'a b',
    'a/b',
    'é',
    '*\n',
  ]
  for (const glob of [...odd, '*'.repeat(129)]) {
    t.notOk(isGlob(glob), encodeURIComponent(glob))
    t.equal(patternProblem(glob), 'invalid-pattern')
  }
})

t.test('refuses a pattern that names the own prefix, and leaves wider ones to the broker', async t => {
  t.equal(patternProblem('carillon:*'), 'reserved-channel')
  t.equal(patternProblem('carillon*'), undefined)
  t.equal(patternProblem('[c]arillon:*'), undefined)
})

t.test('takes event types of visible ASCII', async t => {
  for (const type of ['price', 'a.b:c/d', '!', '~', 'message', '__proto__', 'x'.repeat(128)]) {
    t.ok(isEventType(type), type)
    t.equal(eventTypeProblem(type), undefined)
  }
})

t.test('refuses event types that break a line, are empty, too long, or mean something to the client', async t => {
  for (const type of [
    '',
    'a b',
    'a\n',
    'a\r',
    'a\0',
    '\u007f',
    'é',
    'a\u2028',
    'x'.repeat(129),
    ...RESERVED_EVENT_TYPES,
  ])
    t.equal(eventTypeProblem(type), 'invalid-event-type', encodeURIComponent(type))
})
