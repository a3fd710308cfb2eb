import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const run = promisify(execFile)

export interface Certificate {
  /** PEM files. */
  readonly cert: string
  readonly key: string
}

/** An authority of our own: made anew for each test, and gone with it. */
export class Authority implements Certificate {
  readonly cert: string
  readonly key: string
  readonly #home: string
  #issued = 0

  private constructor(home: string) {
    this.#home = home
    this.cert = join(home, 'ca.pem')
    this.key = join(home, 'ca.key')
  }

  static async make(t: Test): Promise<Authority> {
    const home = await mkdtemp(join(tmpdir(), 'carillon-ca-'))
    t.teardown(() => rm(home, { recursive: true, force: true }))
    const authority = new Authority(home)
    const { cert, key } = authority
    await openssl('req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=Test authority')
    return authority
  }

  /** A certificate for the names, such as `IP:127.0.0.1` or `DNS:localhost`. */
  async issue(...names: string[]): Promise<Certificate> {
    const [cert, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map(ending =>
      join(this.#home, `${this.#issued}.${ending}`),
    ) as [string, string, string, string] // as many as there are endings
    this.#issued++
    await openssl('req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', '/CN=Test')
    await writeFile(extensions, `subjectAltName=${names.join(',')}\n`)
    const authority = ['-CA', this.cert, '-CAkey', this.key, '-CAcreateserial']
    await openssl('x509', '-req', '-in', request, ...authority, '-out', cert, '-days', '2', '-extfile', extensions)
    return { cert, key }
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

const openssl = (...args: string[]) => run('openssl', args)
