import { performance } from 'node:perf_hooks'

/*
 * A message says its number and when it was sent, so that a delivery can be judged by its bytes alone, whatever the
 * frames around it:  ~#~ 8 digits of number, 12 of microseconds, x up to 200 bytes
 */
const MARK = [...Buffer.from('~#~')]
const NUMBER_END = MARK.length + 8
const HEAD = NUMBER_END + 12
export const BYTES = 200

/** Microseconds since this process began. */
export const nowUs = () => Math.round(performance.now() * 1000)

export const message = (number, sentUs, bytes = BYTES) =>
  `~#~${`${number}`.padStart(8, '0')}${`${sentUs}`.padStart(12, '0')}`.padEnd(bytes, 'x')

/** Reads messages out of what a connection brings, however it is cut. */
export class Reader {
  /** How much of a message's head has been read, and of its body not. */
  #got = 0
  #skip = 0
  #number = 0
  #sent = 0

  read(bytes, length, onMessage) {
    for (let i = 0; i < length; ) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, length - i)
        i += step
        this.#skip -= step
        continue
      }
      const byte = bytes[i++]
      if (this.#got < MARK.length) {
        if (byte === MARK[this.#got]) this.#got++
        else this.#got = byte === MARK[0] ? 1 : 0
        continue
      }
      if (this.#got < NUMBER_END) this.#number = this.#number * 10 + byte - 48
      else this.#sent = this.#sent * 10 + byte - 48
      if (++this.#got < HEAD) continue
      onMessage(this.#number, this.#sent)
      this.#got = 0
      this.#number = 0
      this.#sent = 0
      this.#skip = BYTES - HEAD
    }
  }
}
