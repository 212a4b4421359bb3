import { isIP } from 'node:net'

/**
 * An address in its one canonical form: no zone, IPv6 compressed and in lower case, a mapped IPv4 as IPv4.
 * Returns undefined for a text that is no address.
 */
export function canonicalAddress (text: string | undefined): string | undefined {
  const address = text?.replace(/%.*$/, '') ?? ''
  if (isIP(address) === 4) return address
  if (isIP(address) !== 6) return undefined

  const compressed = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(compressed) ?? []
  if (high === undefined || low === undefined) return compressed
  return dotted([high, low])
}

/**
 * An element of X-Forwarded-For in canonical form. Some proxies append the port of the connection: `1.2.3.4:5678`,
 * `[2001:db8::1]:5678`. Returns undefined for a text that cannot be read.
 */
export function forwardedAddress (element: string | undefined): string | undefined {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(element ?? '') ?? []
  return canonicalAddress(bracketed ?? dotted ?? element)
}

/**
 * The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address, because the owner of one
 * address of a /64 has all of them. For an IPv6 address that contains an IPv4 address it is the IPv4 address: the
 * whole Internet shares the /64 of NAT64 (RFC 6052), and 6to4 (RFC 3056) gives each IPv4 address 65,536 of them.
 * @param address in its canonical form
 */
export function clientNetwork (address: string): string {
  if (isIP(address) !== 6) return address

  const groups = groupsOf(address)
  const isNat64 = address.startsWith('64:ff9b::') && groups.slice(2, 6).every(group => group === '0')
  if (isNat64) return dotted(groups.slice(6))
  if (groups[0] === '2002') return dotted(groups.slice(1, 3))
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** The eight groups of a canonical IPv6 address. */
function groupsOf (address: string): string[] {
  const [head = [], tail] = address.split('::').map(half => half.split(':').filter(group => group !== ''))
  return tail === undefined ? head : [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail]
}

function dotted (groups: string[]): string {
  return groups.map(group => parseInt(group, 16)).flatMap(group => [group >> 8, group & 255]).join('.')
}
