import { packageFile } from '../../src/support/package.js'
import type { Check, Place } from './check.js'
import { CACHE, INSTALL, run } from './workshop.js'

export const schemathesis: Check = {
  name: 'schemathesis',
  language: 'document',
  needs: ['python3'],
  settings: {
    // Without credentials, so that a ticket is never a second way to show them.
    ANONYMOUS_GRANTS: '{"admin":["*"]}',
    HISTORY: '*=100',
    MAX_STREAM_AGE_SECONDS: '0.05',
  },
  pass: passSchemathesis,
}

/**
 * Sends requests that schemathesis derives from openapi.yaml, valid ones and others, and compares the answers with it.
 * @throws Error with the findings
 */
async function passSchemathesis({ url, output }: Place): Promise<void> {
  await INSTALL.python()
  const config = packageFile('test/clients/schemathesis.toml')
  const document = packageFile('openapi.yaml')
  await run(['schemathesis', '--no-color', '--config-file', config, 'run', document, '--url', url], CACHE)
  const errors = output()
    .split('\n')
    .filter(line => line.includes('"level":50'))
  if (errors.length > 0) throw new Error(`the gateway logged errors:\n${errors.join('\n')}`)
}
