/*
 * A message says its number and when it was sent, so that a delivery can be judged by its bytes alone, whatever the
 * frames around it:  ~#~ 8 digits of number, 12 of microseconds, x up to 200 bytes
 */
const BYTES = 200

/** Microseconds of CLOCK_MONOTONIC, which all processes of a machine share; 12 digits last for eleven days. */
export const nowUs = () => Number(process.hrtime.bigint() / 1000n)

export const message = (number, sentUs, bytes = BYTES) =>
  `~#~${`${number}`.padStart(8, '0')}${`${sentUs}`.padStart(12, '0').slice(-12)}`.padEnd(bytes, 'x')
