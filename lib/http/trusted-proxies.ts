import { BlockList, isIP } from 'node:net'
import { canonicalAddress, forwardedAddress } from './client-address.ts'

const mappedPrefixBits = 96

/**
 * Makes the test whether an element of X-Forwarded-For, or the address of a connection, is that of a trusted proxy.
 * @param proxies addresses and CIDRs
 */
export function createTrustedProxies (proxies: string[]): (element: string | undefined) => boolean {
  const trusted = new BlockList()
  for (const proxy of proxies) add(trusted, proxy)

  return element => {
    const address = forwardedAddress(element)
    return address !== undefined && trusted.check(address, familyOf(address))
  }
}

function add (trusted: BlockList, proxy: string) {
  const [text = '', prefix] = proxy.split('/')
  const address = canonicalAddress(text)
  if (address === undefined) throw new Error(`${proxy} is no address`)

  const family = familyOf(address)
  // A mapped IPv4 network is written with the 96 bits that its addresses have in common.
  const skippedBits = family === 'ipv4' && isIP(text) === 6 ? mappedPrefixBits : 0
  if (prefix === undefined) trusted.addAddress(address, family)
  else trusted.addSubnet(address, Math.max(0, Number(prefix) - skippedBits), family)
}

function familyOf (address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
