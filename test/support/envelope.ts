/** A line of NDJSON, the data of an enveloped event, or a frame of the multiplexed WebSocket. */
export interface Envelope {
  channel?: string
  pattern?: string
  event?: string
  data: string
  encoding?: 'base64'
}
