import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'

/** The one without windows draws for nobody, and takes half of the processor's time. */
const CHROMIUM = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']

// No sandbox, as the tests may run as root in a container; and no traffic of the browser's own.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real browser without a window; it closes with the test. */
export async function openBrowser(t: Test): Promise<Browser> {
  const executablePath = CHROMIUM.find(path => existsSync(path))
  if (executablePath === undefined) throw new Error('chromium is missing: run scripts/install-test-needs.sh')
  const browser = await chromium.launch({ executablePath, headless: true, args: ARGUMENTS })
  t.teardown(() => browser.close())
  return browser
}
