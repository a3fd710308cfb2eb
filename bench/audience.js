import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Compiles a program of this folder; undefined where there is no gcc. */
export function compile(name) {
  const program = join(tmpdir(), `carillon-bench-${name}-${process.pid}`)
  const { error, status } = spawnSync('gcc', [
    '-O2',
    '-o',
    program,
    fileURLToPath(new URL(`${name}.c`, import.meta.url)),
  ])
  return error || status !== 0 ? undefined : program
}

/** The listeners, in the process of `audience.c`: they judge what comes. */
export class Audience {
  size = 0
  /** So many deliveries of the phase have come. */
  delivered = 0
  /** Called when a message has come to all who hear it. */
  onDelivery = () => {}
  #child
  #onLine = () => {}
  #onExit = () => {}

  /** A stream's path is `before`, the number of its channel unless that is 0, `after`. */
  constructor({ port, path: [before, after], webSocket, channels }) {
    const program = compile('audience')
    if (!program) throw new Error('the bench needs gcc: apt-get install gcc libc6-dev')
    this.#child = spawn(program, [`${port}`, webSocket ? 'ws' : 'sse', before, after, `${channels}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.once('spawn', () => rmSync(program))
    this.#child.once('exit', code => this.#onExit(new Error(`the audience ended with ${code}`)))
    createInterface(this.#child.stdout).on('line', line => {
      const [word, ...rest] = line.split(' ')
      if (word === 'at') {
        this.delivered = Number(rest[0])
        this.onDelivery()
      } else {
        this.#onLine(word, rest)
      }
    })
  }

  /** How often the process has been woken, as it had nothing to do. */
  get wakeups() {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1])
  }

  async grow(size) {
    await this.#ask(`grow ${size}`, 'open')
    this.size = size
  }

  /** Judges so many messages from this number on; the delays of all phases of a series are judged together, but for series 0. */
  begin(first, count, series = 0) {
    this.delivered = 0
    this.#child.stdin.write(`phase ${first} ${count} ${series}\n`)
  }

  /** What came of the phase; times in microseconds. */
  async end() {
    const [delivered, doubled, reordered, lastUs, p50Us, p99Us, closed] = await this.#ask('end', 'tally')
    return { delivered, doubled, reordered, lastUs, p50Us, p99Us, closed }
  }

  close() {
    this.#child.stdin.end()
  }

  #ask(line, answer) {
    return new Promise((resolve, reject) => {
      this.#onLine = (word, rest) => {
        if (word === answer) resolve(rest.map(Number))
        else reject(new Error([word, ...rest].join(' ')))
      }
      this.#onExit = reject
      this.#child.stdin.write(`${line}\n`)
    })
  }
}
