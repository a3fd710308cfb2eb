import { addTopics, isPattern } from '../client/topics.js'

/* The line for a terminal that does what the console does. */

/** For a POSIX shell; what needs no quotes gets none. */
export const quote = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`

/** The key itself is never in a line: the shell inserts it. */
const authorization = (keyed: boolean): string[] => (keyed ? ['-H "Authorization: Bearer $CARILLON_TOKEN"'] : [])

export const listLine = (base: URL, keyed: boolean, pattern: string): string => {
  const url = new URL('channels?counts=true', base)
  if (pattern !== '*') url.searchParams.set('pattern', pattern)
  return ['curl', ...authorization(keyed), quote(url.href)].join(' ')
}

export function tailLine(base: URL, keyed: boolean, topics: readonly string[]): string {
  const url = new URL('events', base)
  const [only] = topics
  if (topics.length === 1 && only !== undefined && !isPattern(only))
    url.pathname = `${base.pathname}channels/${only}/events`
  else addTopics(url.searchParams, topics)
  return ['curl -N', ...authorization(keyed), quote(url.href)].join(' ')
}

export interface Publication {
  channel: string
  event: string
  type: string
  /** Base64, where the type is `application/octet-stream`. */
  data: string
}

export function publishLine(base: URL, keyed: boolean, { channel, event, type, data }: Publication): string {
  const url = new URL(`channels/${channel || 'news'}`, base)
  if (event) url.searchParams.set('event', event)
  const header = `-H ${quote(`Content-Type: ${type}`)}`
  if (type === 'application/octet-stream')
    return [
      `printf %s ${quote(data)} | base64 -d | curl`,
      ...authorization(keyed),
      header,
      '--data-binary @-',
      quote(url.href),
    ].join(' ')
  return ['curl', ...authorization(keyed), header, `--data-raw ${quote(data)}`, quote(url.href)].join(' ')
}
