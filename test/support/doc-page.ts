import { readFileSync } from 'node:fs'
import { packageFile } from '../../src/support/package.js'

export interface Fence {
  readonly language: string
  readonly text: string
  /** Follows the block before it with nothing in between. */
  readonly isNext: boolean
}

/** The fenced blocks of a page of the docs, in order. */
export function fencesOf(path: string): Fence[] {
  const page = readFileSync(packageFile(path), 'utf8')
  let end = 0
  return [...page.matchAll(/^```(\S*)\n(.*?)\n```$/gms)].map(({ index, 0: block, 1: language = '', 2: text = '' }) => {
    const isNext = end > 0 && page.slice(end, index).trim() === ''
    end = index + block.length
    return { language, text, isNext }
  })
}

/** What a page says that a command prints, where `…` is anything. */
export const exactly = (text: string): RegExp => new RegExp(`^${pattern(text)}$`)
export const containing = (text: string): RegExp => new RegExp(pattern(text))

const pattern = (text: string): string =>
  text
    .split('…')
    .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+?')

/** `A=1 B='x y'` as an environment. */
export const settingsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)=(?:'([^']*)'|(\S+))/g)].map(([, name = '', a, b]) => [name, a ?? b ?? '']),
  )
