import { createApiKey } from '../access/api-keys.js'
import { RIGHTS } from '../access/grants.js'
import { RulesError, readRules } from '../access/rules.js'
import { CommandError, EXIT, readArguments } from './command.js'

export const help = `Makes an API key, and its entry for API_KEYS or API_KEYS_FILE.

Usage: carillon key NAME [options]

The first line is the key, for whoever uses it: it is not shown again. The other commands read it from CARILLON_TOKEN.
The second is its entry, which holds no secret.
The options give it rights on channels; each may stand several times, and a pattern is a channel or a glob.

  --publish PATTERN
  --subscribe PATTERN
  --inspect PATTERN
  --admin PATTERN

Examples:
  carillon key backend --publish '*'
  carillon key chat --publish 'chat:*' --subscribe 'chat:*' --inspect 'chat:*'
`

export async function run(args: string[]): Promise<number> {
  const rights = Object.fromEntries(RIGHTS.map(right => [right, { type: 'string', multiple: true } as const]))
  const options = { help: { type: 'boolean', short: 'h' }, ...rights } as const
  const { values, positionals } = readArguments('key', args, options)
  const { help: wantsHelp, ...given } = values
  if (wantsHelp) {
    process.stdout.write(help)
    return EXIT.done
  }
  const [name, ...others] = positionals
  if (name === undefined || others.length > 0) throw new CommandError(EXIT.usage, 'Give the key one name.')
  if (Object.keys(given).length === 0)
    throw new CommandError(EXIT.usage, 'Give the key a right, such as --publish news')
  try {
    const { key, entry } = createApiKey(name, readRules(given))
    process.stdout.write(`${key}\n${JSON.stringify(entry)}\n`)
  } catch (error) {
    if (error instanceof RulesError) throw new CommandError(EXIT.usage, `${error.message}.`)
    throw error
  }
  return EXIT.done
}
