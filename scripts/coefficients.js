/*
 * The cost of one operation, measured by `npm run bench:scale` on the machine of docs/performance.md.
 * Measure them on yours, and put them here: `capacity.js` and `simulation.js` take them from this place.
 */
export const COST = {
  /** CPU of a gateway for one delivery, in microseconds: alone in its tick, and joined with others. */
  deliveryUs: { lone: 8.2, joined: 1.8 },
  /** Memory of an idle connection (a WebSocket's; an SSE stream takes 6), and of a gateway without any. */
  connectionKb: 7,
  gatewayMb: 45,
  /** CPU of Redis for one publish, and for each connection that hears it. */
  publishUs: { lone: 12, joined: 1.5 },
  copyUs: { lone: 5, joined: 0.6 },
}
