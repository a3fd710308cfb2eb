import t from 'tap'
import { channelTopic, describeTopic, patternTopic, topicKey } from '../../src/messages/topic.js'

t.test('a channel and a pattern of one name are two topics', async t => {
  t.not(topicKey(channelTopic('a')), topicKey(patternTopic('a')))
  t.equal(topicKey(channelTopic('a')), topicKey(channelTopic('a')))
})

t.test('clients see a topic by its kind', async t => {
  t.same(describeTopic(channelTopic('a')), { channel: 'a' })
  t.same(describeTopic(patternTopic('a*')), { pattern: 'a*' })
})
