import { styleText } from 'node:util'

/** Writes to a terminal, which a message must not be able to steer. */

/** See https://no-color.org: set to anything but nothing, it means none. */
export function hasColours(stream: { isTTY?: boolean }, environment = process.env): boolean {
  if (environment.NO_COLOR) return false
  if (environment.FORCE_COLOR && environment.FORCE_COLOR !== '0') return true
  return stream.isTTY === true && environment.TERM !== 'dumb'
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan'
export type Paint = (colour: Colour, text: string) => string

/** `hasColours` has looked at the stream, so `styleText` must not. */
export const painter = (coloured: boolean): Paint =>
  coloured ? (colour, text) => styleText(colour, text, { validateStream: false }) : (_colour, text) => text

/** The same name always has the same colour. */
export function colourOf(name: string): Colour {
  let sum = 0
  for (let i = 0; i < name.length; i++) sum = (sum * 31 + name.charCodeAt(i)) >>> 0
  return NAMES[sum % NAMES.length] ?? 'cyan'
}

const NAMES = ['green', 'blue', 'magenta', 'cyan'] as const satisfies Colour[]

/**
 * Control characters as `\x1b`, so that no message moves the cursor, changes the title of the window, or hides what came
 * before it. So are the marks that turn the direction of writing. Line ends stay, with the lines after them indented.
 */
export const printable = (text: string): string =>
  text.replace(/\r\n/g, '\n').replace(UNSAFE, escaped).replaceAll('\n', '\n    ')

/** The same for a name or a sentence: line ends and tabs are escaped too. */
export const oneLine = (text: string): string => text.replace(UNSAFE_OR_SPACE, escaped)

/** One line of JSON that means the same as this text and cannot steer a terminal that it ends up on. */
export const jsonLine = (json: string): string =>
  // Outside of strings there can only be white space of these kinds.
  json.replace(/[\t\r\n]/g, '').replace(UNSAFE, character => `\\u${hexadecimal(character, 4)}`)

function escaped(character: string): string {
  return character < '\u0100' ? `\\x${hexadecimal(character, 2)}` : `\\u${hexadecimal(character, 4)}`
}

const hexadecimal = (character: string, digits: number): string =>
  character.charCodeAt(0).toString(16).padStart(digits, '0')

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE_OR_SPACE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
