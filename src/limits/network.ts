import ipaddr from 'ipaddr.js'

/**
 * The network that counts as one caller: an IPv4 address itself, or the /64 network of an IPv6 address, because a host
 * usually gets a whole /64. All spellings of an address count as one, with or without the port that some proxies add.
 * Any other text is `unknown`, or each new text would be a new caller.
 */
export function networkOf(address: string | undefined): string {
  const text = withoutPort(address ?? '')
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !(text.includes(':') && ipaddr.isValid(text))) return 'unknown'
  const ip = ipaddr.process(text) // an IPv4 address in IPv6 is that address: RFC 4291 section 2.5.5.2
  if (!(ip instanceof ipaddr.IPv6)) return ip.toString()
  const groups = ip.parts.slice(0, 4).map(group => group.toString(16))
  return `${groups.join(':')}::/64`
}

/** `192.0.2.7:4711`, `[2001:db8::1]:4711`, `[2001:db8::1]`. */
const withoutPort = (text: string): string =>
  /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text
