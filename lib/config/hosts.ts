import { BlockList, isIP } from 'node:net'

/** How far away a host is, judged by its name or address alone: no resolver is asked. */
export type Distance = 'this machine' | 'a private network' | 'the internet'

/** RFC 1918, 3927, 6598, 4193 and 4291: addresses that the internet does not route. */
const privateNetworks = networks([
  ['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['169.254.0.0', 16], ['100.64.0.0', 10],
  ['fc00::', 7], ['fe80::', 10]
])
const ownAddresses = networks([['127.0.0.0', 8], ['0.0.0.0', 32], ['::1', 128], ['::', 128]])

/** Names that only private networks resolve: RFC 6761, 6762, 8375, and those of Kubernetes, Fly and Docker. */
const privateNames = /\.(internal|local|localdomain|lan|intranet|private|corp|home\.arpa|flycast|svc|test)$/i

/** @param host a name, an address (IPv6 with or without brackets), a socket's path, or nothing for a socket */
export function distanceOf (host: string): Distance {
  const name = host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  if (name === '' || name.startsWith('/') || /^(.*\.)?localhost$/i.test(name)) return 'this machine'
  if (isIP(name) === 0) return !name.includes('.') || privateNames.test(name) ? 'a private network' : 'the internet'
  if (includes(ownAddresses, name)) return 'this machine'
  return includes(privateNetworks, name) ? 'a private network' : 'the internet'
}

/** Whether a host is a domain or a name under it. */
export const isUnder = (host: string, domain: string) => host === domain || host.endsWith(`.${domain}`)

/** The most of the parts of an address space that trusted proxies may take. No network of proxies is larger. */
const partsMax = 8

/**
 * Whether a list of addresses and CIDRs takes a large share of the internet, in one piece or in several. Each /8 of
 * IPv4 and each /9 of the assigned IPv6 space (2000::/3) is asked for one address in it.
 */
export function coversInternet (entries: string[]): boolean {
  const listed = networks(entries.map(entry => {
    const [address = '', prefix] = entry.split('/')
    return [address, Number(prefix ?? (isIP(address) === 4 ? 32 : 128))]
  }))
  const old = Array.from({ length: 223 }, (_, place) => `${place + 1}.85.170.21`)
  const current = Array.from({ length: 64 }, (_, place) => `${(0x2000 + 0x80 * place).toString(16)}:5555::5`)

  return [old, current].some(samples => {
    const routed = samples.filter(address => distanceOf(address) === 'the internet')
    return routed.filter(address => includes(listed, address)).length > partsMax
  })
}

function networks (entries: [address: string, prefix: number][]): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of entries) list.addSubnet(address, prefix, familyOf(address))
  return list
}

/** An IPv4 address is also looked for in its IPv6 form, because a network such as ::/64 includes it. */
function includes (list: BlockList, address: string): boolean {
  if (list.check(address, familyOf(address))) return true
  return isIP(address) === 4 && list.check(`::ffff:${address}`, 'ipv6')
}

function familyOf (address: string) {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
