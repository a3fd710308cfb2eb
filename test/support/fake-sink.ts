import type { Sink } from '../../src/fanout/subscriber.js'
import type { CloseReason } from '../../src/protocol/close-reasons.js'

/** A sink that keeps what is written, and whose peer reads as fast as the test says. */
export class FakeSink implements Sink {
  readonly writes: Buffer[] = []
  readonly closings: CloseReason[] = []
  buffered = 0
  flushed = 0
  answers = true

  write(bytes: Buffer): void {
    this.writes.push(bytes)
  }

  drained(): Promise<void> {
    return Promise.resolve()
  }

  heartbeat(): boolean {
    return this.answers
  }

  close(reason: CloseReason): void {
    this.closings.push(reason)
  }

  get text(): string {
    return Buffer.concat(this.writes).toString()
  }
}
