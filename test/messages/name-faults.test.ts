import t from 'tap'
import { describeNameFault } from '../../src/messages/name-faults.js'

t.test('a name that is not allowed is described with its first invalid character', async t => {
  const cases: [...Parameters<typeof describeNameFault>, text: string][] = [
    [
      'invalid-channel',
      'no spaces',
      'Channel name "no spaces" contains an invalid character (" " at position 3). Use letters, digits and . _ : - only.',
    ],
    ['invalid-channel', '', 'Channel name is empty. Use 1 to 128 characters.'],
    ['invalid-channel', '-x', 'Channel name "-x" must start with a letter or a digit.'],
    [
      'invalid-channel',
      'a'.repeat(129),
      `Channel name "${'a'.repeat(64)}…" has 129 characters; at most 128 are allowed.`,
    ],
    [
      'invalid-channel',
      'caf\u00e9',
      'Channel name "café" contains an invalid character ("é" at position 4). Use letters, digits and . _ : - only.',
    ],
    [
      'invalid-channel',
      'a\u{1f514}',
      'Channel name "a🔔" contains an invalid character ("🔔" at position 2). Use letters, digits and . _ : - only.',
    ],
    [
      'invalid-channel',
      'a\nb',
      'Channel name "a\\nb" contains an invalid character ("\\n" at position 2). Use letters, digits and . _ : - only.',
    ],
    [
      'reserved-channel',
      'carillon:x',
      'The name "carillon:x" starts with "carillon:", which is reserved for the gateways.',
    ],
    [
      'invalid-pattern',
      'chat:[',
      'Pattern "chat:[" has a class that is empty, not closed or malformed. Classes look like [abc], [a-f] or [^a].',
    ],
    [
      'invalid-pattern',
      'a{b}',
      'Pattern "a{b}" contains an invalid character ("{" at position 2). Use the characters of channel names, * and ?, and classes such as [abc], [a-f] or [^a].',
    ],
    [
      'invalid-event-type',
      'a b',
      'Event type "a b" contains an invalid character (" " at position 2). Use visible ASCII characters without spaces.',
    ],
    [
      'invalid-event-type',
      'gap',
      'Event type "gap" is reserved: the gateway sends gap, envelope, open, error, end itself.',
    ],
  ]
  for (const [problem, name, text] of cases) t.equal(describeNameFault(problem, name), text)
})
