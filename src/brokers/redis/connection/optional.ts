/**
 * The reply of Redis to a command that the gateway can do without; undefined where Redis refuses it. Managed services
 * lack commands, answer them with words of their own, or have users that may not give them.
 *
 * Rejects where the connection is of no use now: Redis is busy or loading, refuses logins, or is gone.
 */
export async function orUndefined<Reply>(reply: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await reply
  } catch (error) {
    if (isRefusal(error as Error)) return undefined
    throw error
  }
}

/** Redis has answered with an error, and will go on answering so. */
export const isRefusal = ({ name, message }: Error): boolean => name === 'ReplyError' && !NOT_NOW.test(message)

const NOT_NOW = /^-?(?:BUSY|LOADING|MASTERDOWN|CLUSTERDOWN|NOAUTH|WRONGPASS)\b/
