import { type ParseArgsConfig, parseArgs } from 'node:util'
import { closestMatch } from 'leven'

/** The exports of each command module. A module is loaded when its command is called. */
export interface Command {
  readonly help: string
  /** Resolves with the exit code, or without one if the process continues. */
  run(args: string[]): Promise<number | undefined>
}

/** Exit codes that scripts can rely on; see docs/cli.md. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unavailable: 4,
  unknown: 5,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends the command with words for the person at the terminal, and no stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** @throws CommandError for what the command does not take */
export function readArguments<const Options extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  args: string[],
  options: Options,
): Arguments<Options> {
  const config = { args, options, allowPositionals: true, strict: true } as const
  try {
    return parseArgs(config) as Arguments<Options> // but for the arguments themselves it is what the type says
  } catch (error) {
    // Node's own words, without its advice on how to pass a name that begins with a dash.
    const [message = ''] = (error as Error).message.split('. ', 1)
    const [, unknown] = /^Unknown option '--([^']*)'/.exec(message) ?? []
    const meant = unknown === undefined ? undefined : suggest(unknown, Object.keys(options))
    const advice = meant === undefined ? '' : ` Did you mean --${meant}?`
    throw new CommandError(EXIT.usage, `${message.replace(/\.?$/, '.')}${advice}\nTry: carillon ${command} --help`)
  }
}

/** The known name that was probably meant: one with few letters changed, or one that contains it. */
export function suggest(name: string, known: readonly string[]): string | undefined {
  if (name.length < 2 || name.length > MAX_NAME) return undefined
  return closestMatch(name, known, { maxDistance: 2 }) ?? known.find(each => each.includes(name))
}

const MAX_NAME = 40

type Arguments<Options extends NonNullable<ParseArgsConfig['options']>> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true; strict: true }>
>

/** @throws CommandError when it is not a number above zero, or is over `maximum` */
export function readNumber(
  command: string,
  option: string,
  text: string | undefined,
  maximum = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (text === undefined) return undefined
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (number > 0 && number <= maximum) return number
  const range = maximum === Number.MAX_SAFE_INTEGER ? 'a number above 0' : `a number above 0, at most ${maximum}`
  throw new CommandError(EXIT.usage, `${option} must be ${range}, not "${text}".\nTry: carillon ${command} --help`)
}

/** A timer of Node that is to wait longer than 24.8 days fires at once. */
export const MAX_SECONDS = 2_000_000
