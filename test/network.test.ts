import t from 'tap'
import { networkOf } from '../src/network.js'

t.test('an IPv4 address counts for itself, however it is written', async t => {
  t.equal(networkOf('192.0.2.7'), '192.0.2.7')
  t.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7')
})

t.test('the addresses of one /64 network count as one, and no others', async t => {
  const one = networkOf('2001:db8:1:2::1')
  t.equal(one, '2001:db8:1:2::/64')
  for (const address of [
    '2001:db8:1:2:3:4:5:6',
    '2001:0DB8:0001:2::',
    '2001:db8:1:2::7%eth0',
    '2001:db8:1:2::192.0.2.7',
  ])
    t.equal(networkOf(address), one, address)
  for (const address of ['2001:db8:1:3::1', '2001:db8:1::1', '2001:db8::2:0:0:0:1'])
    t.not(networkOf(address), one, address)
  t.equal(networkOf('::1'), '0:0:0:0::/64')
  t.equal(networkOf('1::'), '1:0:0:0::/64')
  t.equal(networkOf('2001:db8::2:0:0:0:1'), '2001:db8:0:2::/64')
})
