/*
 * What one operation costs, measured by `npm run bench:scale` on the machine of docs/performance.md.
 * Measure them on yours, and put them here: `capacity.js` and `simulation.js` take them from this place.
 */
export const COST = {
  /** CPU of a gateway for one delivery, in microseconds: alone in its tick, and joined with others. */
  deliveryUs: { lone: 13, joined: 2.1 },
  /** Memory of an idle connection (with room: a WebSocket takes 7, an SSE stream 6), and of a gateway without any. */
  connectionKb: 8.5,
  gatewayMb: 40,
  /** CPU of Redis for one publish, and for each connection that hears it. */
  publishUs: { lone: 17, joined: 1.6 },
  copyUs: { lone: 7, joined: 0.8 },
}
