import t from 'tap'
import { networkOf } from '../../src/limits/network.js'

t.test('an IPv4 address counts for itself, however it is written', async t => {
  t.equal(networkOf('192.0.2.7'), '192.0.2.7')
  for (const address of [
    '::ffff:192.0.2.7',
    '::FFFF:192.0.2.7',
    '::ffff:c000:207',
    '0:0:0:0:0:ffff:192.0.2.7',
    '0000:0000:0000:0000:0000:ffff:c000:0207',
    '192.0.2.7:4711',
    '[::ffff:192.0.2.7]:4711',
  ])
    t.equal(networkOf(address), '192.0.2.7', address)
})

t.test('an invalid address counts as an unknown client', async t => {
  for (const text of [
    undefined,
    '',
    'unknown',
    '_hidden',
    '192.0.2.777',
    '192.0.2.07',
    'x'.repeat(10_000),
    '[',
    '[]',
    ':',
  ])
    t.equal(networkOf(text), 'unknown', `${text}`)
})

t.test('the addresses of one /64 network count as one, and no others', async t => {
  const one = networkOf('2001:db8:1:2::1')
  t.equal(one, '2001:db8:1:2::/64')
  for (const address of [
    '2001:db8:1:2:3:4:5:6',
    '2001:0DB8:0001:2::',
    '2001:db8:1:2::7%eth0',
    '2001:db8:1:2::192.0.2.7',
    '[2001:db8:1:2::7]',
    '[2001:db8:1:2::7]:4711',
  ])
    t.equal(networkOf(address), one, address)
  for (const address of ['2001:db8:1:3::1', '2001:db8:1::1', '2001:db8::2:0:0:0:1'])
    t.not(networkOf(address), one, address)
  t.equal(networkOf('::1'), '0:0:0:0::/64')
  t.equal(networkOf('1::'), '1:0:0:0::/64')
  t.equal(networkOf('2001:db8::2:0:0:0:1'), '2001:db8:0:2::/64')
})
