import { BlockList, isIP } from 'node:net'
import { Refusal } from '../../../lib/errors.ts'

/** The user of a request that a proxy has checked at `/auth/check`. */
export interface ForwardedIdentity { userId: string, role: string, sessionId: string }

interface Headers { [name: string]: string | string[] | undefined }

const names = ['x-auth-user', 'x-auth-role', 'x-auth-session'] as const

/**
 * For services behind a proxy that asks `/auth/check` for each request. Returns a function that reads who the request
 * belongs to from its headers, if it came from one of the proxies. Null without these headers.
 * @param proxies addresses and networks (CIDR)
 * @throws Error for what is no address or network
 */
export function forwardedIdentity ({ proxies }: { proxies: readonly string[] }) {
  const known = new BlockList()
  for (const proxy of proxies) add(known, proxy)

  /** @throws Refusal `unauthenticated` for such a header from anybody else, or for some of them without the others */
  return function identityOf (headers: Headers, remoteAddress: string | undefined): ForwardedIdentity | null {
    const [userId, role, sessionId] = names.map(name => headers[name])
    if (userId === undefined && role === undefined && sessionId === undefined) return null
    const isWhole = typeof userId === 'string' && typeof role === 'string' && typeof sessionId === 'string'
    if (!isWhole || !isKnown(known, remoteAddress)) throw new Refusal('unauthenticated')
    return { userId, role, sessionId }
  }
}

function add (known: BlockList, proxy: string) {
  const [address = '', bits, ...rest] = proxy.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) throw new Error(`${proxy} is no address and no network`)
  if (bits === undefined) known.addAddress(address, family === 4 ? 'ipv4' : 'ipv6')
  else known.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
}

/** An IPv4 address may be written as an IPv6 one, where the server listens on both. */
function isKnown (known: BlockList, remoteAddress = ''): boolean {
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '')
  const family = isIP(address)
  return family !== 0 && known.check(address, family === 4 ? 'ipv4' : 'ipv6')
}
