import { Socket } from 'node:net'
import { type DestinationStream, destination } from 'pino'

/**
 * Where the log goes: standard output. A pipe that is not read must not block the gateway or its exit. So the log never
 * waits for it: what the pipe does not take is kept up to a bound, and lines beyond that are dropped and counted.
 */
export interface LogOutput extends DestinationStream {
  /** Resolves when everything is written or the time is over. */
  flush(milliseconds: number): Promise<void>
}

export async function logOutput(): Promise<LogOutput> {
  const { stdout } = process
  if (stdout.isTTY) return { ...(await terminalOutput()), flush: async () => {} }
  // A file never blocks.
  return stdout instanceof Socket ? new PipeOutput(stdout) : { ...fileOutput(), flush: async () => {} }
}

/** Lines for people. What a client has sent stays in JSON, so it cannot forge a line or control the terminal. */
async function terminalOutput(): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty') // only people need it
  const colorize = hasColours()
  const pretty = prettyFactory({ colorize, singleLine: true, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' })
  // Not by `process.stdout`: after the terminal has closed, each write there is an error that would be logged in turn.
  const terminal = fileOutput()
  return { write: line => terminal.write(pretty(line)) }
}

/** https://no-color.org */
const hasColours = (): boolean => !process.env.NO_COLOR

function fileOutput(): DestinationStream {
  const file = destination({ fd: 1, sync: true })
  // The terminal has gone, or the disk is full. As an uncaught exception it would be logged, which fails again.
  file.on('error', () => {})
  return { write: line => void file.write(line) }
}

export class PipeOutput implements LogOutput {
  readonly #pipe: Socket
  readonly #maxBytes: number
  #dropped = 0

  constructor(pipe: Socket, { maxBytes = MAX_UNWRITTEN_BYTES } = {}) {
    this.#pipe = pipe
    this.#maxBytes = maxBytes
    // The reader has gone. The gateway continues without a log.
    pipe.on('error', () => {})
  }

  write(line: string): void {
    if (this.#pipe.writableLength + line.length > this.#maxBytes) {
      this.#dropped++
      return
    }
    if (this.#dropped > 0) {
      this.#pipe.write(
        `${JSON.stringify({ level: WARN, time: Date.now(), pid: process.pid, lines: this.#dropped, msg: 'log lines were dropped: standard output was not read in time' })}\n`,
      )
      this.#dropped = 0
    }
    this.#pipe.write(line)
  }

  async flush(milliseconds: number): Promise<void> {
    if (this.#pipe.writableLength === 0 || this.#pipe.destroyed) return
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, milliseconds)
      // Called when everything before it is written, or cannot be written any more.
      this.#pipe.write('', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

const MAX_UNWRITTEN_BYTES = 1024 * 1024
/** As pino has it. */
const WARN = 40
