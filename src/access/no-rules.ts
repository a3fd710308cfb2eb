/*
 * A gateway without access rules accepts requests from localhost only. Greeting, log, problem and page all give the same
 * reason and the same two ways out.
 */

export const LOCAL_ONLY = 'The gateway has no access rules, so it accepts requests from localhost only.'

/** The ways to open the gateway, as lines for a shell. */
export const WAYS_OUT = [
  { what: 'Give clients an API key', command: "carillon key backend --publish '*' --subscribe '*'" },
  { what: 'Or accept requests from anyone', command: 'ALLOW_ANYONE_WITHOUT_ACCESS_RULES=true carillon' },
] as const

/** The same in one sentence. */
export const HOW_TO_OPEN = `Set API_KEYS to the entry that \`${WAYS_OUT[0].command}\` prints, or set ALLOW_ANYONE_WITHOUT_ACCESS_RULES=true to accept requests from anyone.`
