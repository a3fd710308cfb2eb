import { Command } from 'ioredis'

/** A command: its name and its arguments. */
export type Words = readonly (string | Buffer)[]

/**
 * Commands as Redis reads them, one after the other in one buffer: RESP arrays of bulk strings. ioredis would make a
 * buffer for each command, and several on the way to it.
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
export class JoinedCommand extends Command {
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
