import t from 'tap'
import { hears } from '../../client/topics.js'

t.test('a pattern hears the names that Redis matches with it, also those of native publishers', async t => {
  for (const [topic, channel] of [
    ['news', 'news'],
    ['odd:*', 'odd:a,b'],
    ['odd:*', 'odd:*'],
    ['odd:*', 'odd:[x'],
    ['odd:??', 'odd:é'],
    ['odd:[^a]*', 'odd:\u2028'],
  ] as const)
    t.ok(hears(topic, channel), `${topic} hears ${channel}`)
  for (const [topic, channel] of [
    ['news', 'new'],
    ['odd:?', 'odd:é'],
    ['odd:?', 'odd:'],
  ] as const)
    t.notOk(hears(topic, channel), `${topic} does not hear ${channel}`)
})
