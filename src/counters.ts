import type { GapReason } from './broker.js'
import type { CloseReason } from './close-reasons.js'

/** What has happened since the start, as plain numbers: counting costs an addition, whoever looks or not. */
export class Counters {
  /** Gaps that were announced, one for each topic and loss. */
  readonly gaps = new Map<GapReason, number>()
  /** Streams that have ended. */
  readonly closed = new Map<CloseReason, number>()

  gap(reason: GapReason): void {
    this.gaps.set(reason, (this.gaps.get(reason) ?? 0) + 1)
  }

  close(reason: CloseReason): void {
    this.closed.set(reason, (this.closed.get(reason) ?? 0) + 1)
  }
}
