import { isIPv4, isIPv6 } from 'node:net'

/**
 * The network that counts as one caller: an IPv4 address itself, or the /64 network of an IPv6 address, because a host
 * usually gets a whole /64. All spellings of an address count as one, with or without the port that some proxies add.
 * Any other text is `unknown`, or each new text would be a new caller.
 */
export function networkOf(address: string | undefined): string {
  const ip = withoutPort(address ?? '')
  if (isIPv4(ip)) return ip
  if (!isIPv6(ip)) return 'unknown'
  const groups = groupsOf(ip)
  const [high = 0, low = 0] = groups.slice(6)
  // RFC 4291 section 2.5.5.2: an IPv4 address in IPv6.
  if (groups.slice(0, 5).every(group => group === 0) && groups[5] === 0xffff)
    return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
  return `${groups
    .slice(0, 4)
    .map(group => group.toString(16))
    .join(':')}::/64`
}

/** `192.0.2.7:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]`. */
const withoutPort = (text: string): string =>
  /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text

/** The eight groups of an IPv6 address. */
function groupsOf(ip: string): number[] {
  const [head = [], tail] = (ip.split('%', 1)[0] ?? '').split('::').map(readGroups)
  if (!tail) return head
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}

const readGroups = (text: string): number[] =>
  text === ''
    ? []
    : text.split(':').flatMap(group => {
        if (!group.includes('.')) return [Number.parseInt(group, 16)]
        const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
        return [a * 256 + b, c * 256 + d]
      })
