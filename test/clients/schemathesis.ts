import type { Test } from 'tap'
import { packageFile } from '../../src/support/package.js'
import { startGateway } from '../support/gateway.js'
import type { Check } from './check.js'
import { CACHE, INSTALL, run } from './workshop.js'

export const schemathesis: Check = {
  name: 'schemathesis',
  language: 'document',
  needs: ['python3'],
  pass: passSchemathesis,
}

const SETTINGS = {
  // Without credentials, so that a ticket is never a second way to show them.
  ANONYMOUS_GRANTS: '{"admin":["*"]}',
  HISTORY: '*=100',
  MAX_STREAM_AGE_SECONDS: '0.05',
  LOG_LEVEL: 'warn',
}

/**
 * Sends requests that schemathesis derives from openapi-3.2.yaml, valid ones and others, and compares the answers with it.
 * @throws Error with the findings
 */
async function passSchemathesis(t: Pick<Test, 'teardown'>): Promise<void> {
  await INSTALL.python()
  const { url, output } = await startGateway(t, SETTINGS)
  const config = packageFile('test/clients/schemathesis.toml')
  const document = packageFile('openapi-3.2.yaml') // it also has the items of streams, and QUERY
  await run(['schemathesis', '--no-color', '--config-file', config, 'run', document, '--url', url], CACHE)
  const errors = output()
    .split('\n')
    .filter(line => line.includes('"level":50'))
  if (errors.length > 0) throw new Error(`the gateway logged errors:\n${errors.join('\n')}`)
}
