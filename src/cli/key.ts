import { createApiKey } from '../access/api-keys.js'
import { RIGHTS } from '../access/grants.js'
import { RulesError, readRules } from '../access/rules.js'
import { CommandError, EXIT, readArguments } from './command.js'

export const help = `Creates an API key, and its entry for the gateway.

Usage: carillon key NAME [options]

Prints lines to paste into a shell: one for the client (CARILLON_TOKEN), and one for the gateway (API_KEYS).
Save the key, because it is not shown again. The entry has only a hash of it.
Each option grants a right. PATTERN is a channel or a glob, and options can be repeated.

  --publish PATTERN
  --subscribe PATTERN
  --inspect PATTERN
  --admin PATTERN
  --json              prints {"key","entry"} instead, for scripts

Examples:
  carillon key backend --publish '*'
  carillon key chat --publish 'chat:*' --subscribe 'chat:*' --inspect 'chat:*'
`

export async function run(args: string[]): Promise<number> {
  const rights = Object.fromEntries(RIGHTS.map(right => [right, { type: 'string', multiple: true } as const]))
  const options = { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' }, ...rights } as const
  const { values, positionals } = readArguments('key', args, options)
  const { help: wantsHelp, json, ...given } = values
  if (wantsHelp) {
    process.stdout.write(help)
    return EXIT.done
  }
  const [name, ...others] = positionals
  if (name === undefined || others.length > 0)
    throw new CommandError(EXIT.usage, 'A key needs one name, for example: carillon key backend --publish news')
  if (Object.keys(given).length === 0)
    throw new CommandError(
      EXIT.usage,
      'A key needs at least one right, for example: carillon key backend --publish news',
    )
  try {
    const { key, entry } = createApiKey(name, readRules(given))
    process.stdout.write(json ? `${JSON.stringify({ key, entry })}\n` : linesToPaste(name, key, entry))
  } catch (error) {
    if (error instanceof RulesError) throw new CommandError(EXIT.usage, `${error.message}.`)
    throw error
  }
  return EXIT.done
}

/** Every line is a command of a shell or a comment, so that all of them can be pasted or evaluated. */
const linesToPaste = (
  name: string,
  key: string,
  entry: object,
): string => `# API key "${name}", for clients and the carillon commands. Save it: it is not shown again.
export CARILLON_TOKEN=${key}

# Its entry, for the gateway. It contains no secret. With several keys, put all entries into one array.
export API_KEYS=${quoted(JSON.stringify([entry]))}
`

/** As one word of a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
