import { execFile } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SCRIPT = "wrk.method = 'POST' wrk.body = string.rep('x', 200) wrk.headers['Content-Type'] = 'text/plain'"

/** Publishes for so long as fast as it can, each connection with one in flight: how many, and in how many seconds. */
export async function publishByWrk(url, { connections, seconds }) {
  const script = join(tmpdir(), `carillon-bench-${process.pid}.lua`)
  writeFileSync(script, SCRIPT)
  try {
    const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url]
    const { stdout } = await promisify(execFile)('wrk', options)
    if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`not all publishes were answered well:\n${stdout}`)
    const [, count, time] = /(\d+) requests in ([\d.]+)s/.exec(stdout)
    return { count: Number(count), seconds: Number(time) }
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error('publishes are measured by wrk: apt-get install wrk')
    throw error
  } finally {
    rmSync(script)
  }
}
