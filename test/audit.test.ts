import t from 'tap'
import { auditVerdict } from '../scripts/audit-verdict.js'

t.test('advisories of the registry are reported, and none is clean', async t => {
  const none = { metadata: { vulnerabilities: { total: 0, high: 0 } }, vulnerabilities: {} }
  t.match(auditVerdict(JSON.stringify(none)), { kind: 'clean' })
  const one = {
    metadata: { vulnerabilities: { total: 1 } },
    vulnerabilities: { ws: { severity: 'high', range: '<9' } },
  }
  t.match(auditVerdict(JSON.stringify(one)), { kind: 'vulnerable', words: /ws <9: high/ })
})

t.test('a question that was refused is not taken for a clean answer', async t => {
  for (const output of [
    '',
    '{}',
    'null',
    'npm error',
    '{"message":"405 Method Not Allowed","statusCode":405,"error":{"summary":""}}',
  ])
    t.match(auditVerdict(output), { kind: 'refused', words: /nothing is known/ }, output)
})
