import t from 'tap'
import { channelTopic, patternTopic } from '../../src/messages/topic.js'
import { gapData } from '../../src/protocol/gap.js'

const window = { since: Date.UTC(2030, 0, 1), until: Date.UTC(2030, 0, 1, 0, 0, 1, 500) }

t.test('tells the topic, the window in RFC 3339, and the reason', async t => {
  t.equal(
    gapData({ topic: channelTopic('news'), ...window, reason: 'redis_connection_lost' }),
    '{"channel":"news","from":"2030-01-01T00:00:00.000Z","to":"2030-01-01T00:00:01.500Z","reason":"redis_connection_lost"}',
  )
  t.match(gapData({ topic: patternTopic('n*'), ...window, reason: 'redis_unavailable' }), '{"pattern":"n*",')
})
