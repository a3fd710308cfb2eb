#!/usr/bin/env node
import { packageVersion } from '../support/package.js'
import { cleanError } from '../telemetry/clean-error.js'
import { EXIT, suggest } from './command.js'
import { COMMANDS } from './commands.js'

/** Finds the command and runs it; `serve` without one. */
async function main([first = '', ...rest]: string[]): Promise<number | undefined> {
  if (first === '--version' || first === '-v') return print(`${packageVersion()}\n`)
  if (first === '--help' || first === '-h') return print(overview())
  if (first === 'help') return main([...rest.slice(0, 1), '--help'])
  const isName = first !== '' && !first.startsWith('-')
  const command = Object.hasOwn(COMMANDS, isName ? first : 'serve') ? COMMANDS[isName ? first : 'serve'] : undefined
  if (!command) {
    const meant = suggest(first, Object.keys(COMMANDS))
    const advice = meant === undefined ? '' : ` Did you mean "${meant}"?`
    console.error(`Unknown command "${first}".${advice}\n\n${commands()}\nTry: carillon --help`)
    return EXIT.usage
  }
  const { run } = await command.load()
  return run(isName ? rest : process.argv.slice(2))
}

const commands = (): string => {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}\n`)
  return lines.join('')
}

const overview = (): string => `Carillon: an HTTP notification gateway in front of Redis Pub/Sub.

Usage: carillon [command] [options]

${commands()}
  carillon COMMAND --help describes a command, with examples; serve --help lists all settings.
  carillon --version prints the version.

Try it in three terminals:
  carillon
  carillon tail news
  carillon publish news hello
`

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.done
}

main(process.argv.slice(2)).then(
  code => {
    if (code !== undefined) process.exitCode = code
  },
  (error: Error & { exitCode?: number }) => {
    // The words of a `CommandError` are for the person at the terminal. Every other error is a defect and shows its place.
    const { exitCode } = error
    console.error(exitCode === undefined ? cleanError(error).stack : error.message)
    process.exit(exitCode ?? EXIT.failed)
  },
)
