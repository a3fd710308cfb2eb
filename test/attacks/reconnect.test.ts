import t from 'tap'
import { attackedGateway } from '../support/attacked.js'
import { openNdjson, openWebSocket } from '../support/clients.js'
import { killSubscribers } from '../support/redis-broker.js'

t.test('names that JavaScript gives a meaning are channels before and after a reconnect', async t => {
  const { url, redis } = await attackedGateway(t)
  const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype']
  const socket = await openWebSocket(t, `${url}/ws`)
  for (const channel of names) {
    socket.send({ type: 'subscribe', channel })
    await socket.next()
  }
  const many = await openNdjson(t, `${url}/events?${names.map(name => `channel=${name}`).join('&')}`)
  const heard = async (data: string) => {
    for (const channel of names) {
      await fetch(`${url}/channels/${channel}`, { method: 'POST', body: data })
      t.match(await many.find(item => item.data === data && item.channel === channel), { channel, data })
      await socket.find(frame => frame.data.includes(`"${channel}"`) && frame.data.includes(data))
    }
  }
  await heard('before')
  await killSubscribers(redis)
  for (const channel of names) await many.find(item => item.event === 'gap' && item.channel === channel)
  await heard('after')
})
