import { Command, type Redis } from 'ioredis'
import { FastPath } from './fast-path.js'
import { redisSocket, sendOn, socketOf } from './redis-socket.js'

/*
 * Commands to Redis in one buffer, written at once.
 *
 * Touches: `toWritable` of ioredis's `Command`, the second argument of `sendCommand`, and the client's socket.
 * Why: a pipeline of ioredis sends the same bytes, and makes a buffer and several objects for each command on the way.
 * Breaks otherwise: nothing. The documented way is that pipeline.
 * Gains: docs/decisions.md, "Commands go to Redis in one buffer", has the figures.
 */
export const joinedCommands = new FastPath('joined-commands', () => {
  const joined = new JoinedCommands()
  const command = new JoinedCommand(['publish', 'news', Buffer.from('hello')], joined)
  let written: unknown
  let noted: unknown
  sendOn({ writable: true }, command, { write: bytes => (written = bytes), queued: command => (noted = command) })
  const text = '*3\r\n$7\r\npublish\r\n$4\r\nnews\r\n$5\r\nhello\r\n'
  return redisSocket.isInUse && written === '' && noted === command && joined.toBuffer().toString() === text
})

/** A command: its name and its arguments. */
export type Words = readonly (string | Buffer)[]

/** What Redis answered to a command. */
export type Answer = readonly [error: Error | null, value?: unknown]

/** Sends the commands in one write, each at most once. Resolves with their answers when all have come, or cannot come. */
export async function sendJoined(redis: Redis, commands: readonly Words[]): Promise<Answer[]> {
  const socket = joinedCommands.isInUse ? socketOf(redis) : undefined
  if (!socket) {
    const pipeline = redis.pipeline()
    for (const [name = '', ...args] of commands) pipeline.call(String(name), ...args)
    return (await pipeline.exec()) ?? [] // null only for a transaction
  }
  const joined = new JoinedCommands()
  const line = { isPipeline: true as const, destination: { redis }, write: () => {} }
  const answers = commands.map(words => {
    const command = new JoinedCommand(words, joined)
    redis.sendCommand(command, line)
    return command.promise.then(
      (value): Answer => [null, value],
      (error: Error): Answer => [error],
    )
  })
  // Before anything else is sent: the answers come in the order in which ioredis has noted the commands.
  if (!joined.isEmpty) socket.write(joined.toBuffer())
  return Promise.all(answers)
}

/**
 * Commands as Redis reads them, one after the other in one buffer: RESP arrays of bulk strings.
 */
export class JoinedCommands {
  readonly #parts: (string | Buffer)[] = []
  /** The bytes after the parts. */
  #text = ''
  /** Of the parts, and of the text what it takes beyond one byte for each of its units. */
  #bytes = 0

  get isEmpty(): boolean {
    return this.#text === ''
  }

  add(words: Words): void {
    let text = `${this.#text}*${words.length}`
    for (const word of words) {
      if (typeof word === 'string') {
        const bytes = Buffer.byteLength(word)
        text += `\r\n$${bytes}\r\n${word}`
        this.#bytes += bytes - word.length
      } else {
        text += `\r\n$${word.length}\r\n`
        this.#bytes += text.length + word.length
        this.#parts.push(text, word)
        text = ''
      }
    }
    this.#text = `${text}\r\n`
  }

  toBuffer(): Buffer {
    const bytes = Buffer.allocUnsafe(this.#bytes + this.#text.length)
    let end = 0
    for (const part of this.#parts) end += typeof part === 'string' ? bytes.write(part, end) : part.copy(bytes, end)
    bytes.write(this.#text, end)
    return bytes
  }
}

/** A command for `sendCommand`: where ioredis would write it, it joins the others. */
class JoinedCommand extends Command {
  readonly #words: Words
  readonly #joined: JoinedCommands

  constructor(words: Words, joined: JoinedCommands) {
    super(String(words[0]), [], ANSWERS)
    this.#words = words
    this.#joined = joined
  }

  override toWritable(): string {
    this.#joined.add(this.#words)
    return ''
  }
}

const ANSWERS = { replyEncoding: 'utf8' } as const
