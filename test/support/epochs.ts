/**
 * Whether the histories that two ids are of look alike. An id knows one byte of its epoch: one new epoch in 256 looks like
 * the old one, and what came before the cursor is then not repeated after the gap.
 */
export const lookAlike = (id: string, other: string): boolean => epochByte(id) === epochByte(other)

/** See `src/messages/cursor.ts`: it follows the two bytes of the channel. */
const epochByte = (id: string): number | undefined => Buffer.from(id, 'base64url')[2]
