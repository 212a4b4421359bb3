import { isIP } from 'node:net'

/**
 * An address in its one canonical form: no zone, IPv6 compressed and in lower case, a mapped IPv4 as IPv4.
 * `undefined` for what is no address.
 */
export function canonicalAddress (text: string | undefined): string | undefined {
  const address = text?.replace(/%.*$/, '') ?? ''
  if (isIP(address) === 4) return address
  if (isIP(address) !== 6) return undefined

  const compressed = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(compressed) ?? []
  if (high === undefined || low === undefined) return compressed
  return [high, low].map(group => parseInt(group, 16)).flatMap(group => [group >> 8, group & 255]).join('.')
}
