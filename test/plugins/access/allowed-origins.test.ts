import t from 'tap'
import { isLocalHost, Origins } from '../../../plugins/access/allowed-origins.js'
import { ConfigError } from '../../../src/config/config.js'

const HOST = 'push.example.com'

t.test('a program shows no sign of a page', async t => {
  for (const list of ['', 'https://a.example', '*']) {
    t.equal(new Origins(list).judge({}, HOST), 'none')
    t.equal(new Origins(list).judge({ 'sec-fetch-mode': 'cors' }, HOST), 'none', 'fetch of Node says so')
    t.equal(new Origins(list).judge({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, HOST), 'none')
    t.equal(new Origins(list).judge({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors' }, HOST), 'none')
  }
})

t.test('recognizes a page of its own origin by the Host, no matter where TLS ends', async t => {
  const origins = new Origins('')
  for (const [origin, host] of [
    ['https://push.example.com', 'push.example.com'],
    ['http://push.example.com', 'push.example.com:80'],
    ['https://push.example.com', 'PUSH.example.com:443'],
    ['http://127.0.0.1:3000', '127.0.0.1:3000'],
    ['http://[::1]:3000', '[::1]:3000'],
  ] as const)
    t.equal(origins.judge({ origin }, host), 'own', `${origin} at ${host}`)
})

t.test('Sec-Fetch-Site decides if a proxy has changed the Host', async t => {
  const headers = { origin: 'https://push.example.com', 'sec-fetch-site': 'same-origin' }
  t.equal(new Origins('').judge(headers, '10.0.0.7:3000'), 'own')
  t.equal(
    new Origins('').judge({ origin: 'null', 'sec-fetch-site': 'same-origin' }, HOST),
    'own',
    'a form without referrer',
  )
})

t.test('a page of elsewhere is foreign, unless it is listed', async t => {
  const origins = new Origins('https://app.example.com, http://localhost:5173,capacitor://localhost')
  for (const origin of ['https://app.example.com', 'http://localhost:5173', 'capacitor://localhost'])
    t.equal(origins.judge({ origin }, HOST), 'listed', origin)
  for (const origin of [
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.example',
    'https://evil-app.example.com',
    'https://push.example.com.evil.example',
    'https://push.example.com:444',
    'http://localhost',
    'null',
    '',
    '*',
    'https://app.example.com, https://evil.example',
    '__proto__',
  ])
    t.equal(origins.judge({ origin }, HOST), 'foreign', origin)
  t.equal(origins.judge({ origin: 'https://push.example.com' }, undefined), 'foreign', 'without a Host')
})

t.test('embedded requests of other sites are foreign, and links are not', async t => {
  const origins = new Origins('https://app.example.com')
  for (const site of ['cross-site', 'same-site']) {
    t.equal(origins.judge({ 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }, HOST), 'foreign')
    t.equal(origins.judge({ 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' }, HOST), 'none')
  }
})

t.test('an asterisk lets all pages in, and still knows which are listed', async t => {
  const origins = new Origins('*,https://app.example.com')
  t.equal(origins.judge({ origin: 'https://evil.example' }, HOST), 'any')
  t.equal(origins.judge({ origin: 'null' }, HOST), 'any')
  t.equal(origins.judge({ origin: 'https://app.example.com' }, HOST), 'listed')
  t.equal(origins.judge({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, HOST), 'none')
})

t.test('the list is read as browsers write origins, and what is none ends the start', async t => {
  const origins = new Origins(' HTTPS://App.Example.com:443/ ,,')
  t.equal(origins.judge({ origin: 'https://app.example.com' }, HOST), 'listed')
  for (const text of [
    'app.example.com',
    'https://a.example/path',
    'https://',
    'null',
    'https://a b',
    'https://u@a.example',
  ])
    t.throws(() => new Origins(text), ConfigError, text)
})

t.test('names that lead nowhere but to this machine', async t => {
  for (const host of [
    'localhost',
    'localhost:3000',
    'app.localhost:1',
    '127.0.0.1',
    '127.1.2.3:80',
    '[::1]',
    '[::1]:3000',
  ])
    t.ok(isLocalHost(host), host)
  for (const host of [
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '[::2]',
    '',
    '0.0.0.0',
  ])
    t.notOk(isLocalHost(host), host)
})
