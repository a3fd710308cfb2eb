import { spawnSync } from 'node:child_process'
import { auditVerdict } from './audit-verdict.js'

/*
 * npm run audit [-- --strict]
 *
 * Asks the registry for advisories about what is installed in production. Ends with 1 when there is one. Some registries do not
 * answer that question: this is said, is no clean answer, and is a failure only with --strict.
 */
const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', timeout: 120_000 })
const { kind, words } = auditVerdict(stdout ?? '')
if (kind === 'clean') console.log(words)
else console.error(kind === 'refused' ? `WARNING: ${words}` : words)
process.exit(kind === 'vulnerable' || (kind === 'refused' && process.argv.includes('--strict')) ? 1 : 0)
