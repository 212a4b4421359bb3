import type { Config } from '../../config/config.ts'
import { distanceOf } from '../../config/hosts.ts'
import type { Finding } from '../../config/warnings.ts'
import { createTrustedProxies } from '../../http/trusted-proxies.ts'
import type { Ask } from './ask.ts'

interface AddressView {
  url: URL
  ask: Ask
  config: Pick<Config, 'http' | 'operations'>
}

/** An address that nobody has (RFC 5737). */
const forgedAddress = '192.0.2.77'

/**
 * Asks a node, with the operations token, under which address it sees this machine: limits and the audit trail go by
 * that. The token goes to the issuer alone, and never over a network in clear text.
 */
export async function lookAtAddress ({ url, ask, config: { http, operations } }: AddressView): Promise<Finding[]> {
  const [operationsToken] = operations.operationsTokens
  const isSafe = url.protocol === 'https:' || distanceOf(url.hostname) === 'this machine'
  if (operationsToken === undefined || url.origin !== http.issuer || !isSafe) return []

  const authorization = `Bearer ${operationsToken}`
  const seen = await seenBy(ask, { authorization })
  const forged = await seenBy(ask, { authorization, 'x-forwarded-for': forgedAddress })
  if (seen === null || forged === null) return [unknown]
  if (forged.address === forgedAddress) return [forgeable]
  return [createTrustedProxies(http.trustProxy)(seen.address) ? ofProxy(seen.address) : arrives(seen)]
}

interface Seen { address: string, hops: number }

/** Reads the header `latchkey-client`: `"203.0.113.7";hops=1`. */
async function seenBy (ask: Ask, headers: Record<string, string>): Promise<Seen | null> {
  const [value = ''] = (await ask('/health/pool-stats', { headers })).headers.get('latchkey-client') ?? []
  const [, address, hops] = /^"([0-9a-f.:]+)";hops=(\d+)$/.exec(value) ?? []
  return address === undefined ? null : { address, hops: Number(hops) }
}

const arrives = ({ address, hops }: Seen): Finding => ({
  code: 'outside_address',
  severity: 'info',
  message: `You arrive as ${address}, through ${hops} ${hops === 1 ? 'proxy' : 'proxies'}.`,
  advice: 'It must be the address of the machine on which this command runs, as the internet sees it. If it is not, correct TRUST_PROXY.'
})

const ofProxy = (address: string): Finding => ({
  code: 'outside_address_of_proxy',
  severity: 'unsafe',
  setting: 'TRUST_PROXY',
  message: `You arrive as ${address}, which is a proxy: all clients count as one network, so a few wrong passwords ` +
    'anywhere keep everybody from signing in.',
  advice: 'Let the proxy append the address of its client to X-Forwarded-For, as deploy/nginx.conf does.'
})

const forgeable: Finding = {
  code: 'outside_address_forgeable',
  severity: 'unsafe',
  setting: 'TRUST_PROXY',
  message: 'Clients choose the address that they count as, by X-Forwarded-For: limits do not hold anybody.',
  advice: 'Let the proxy append its client’s address or overwrite the header, and name in TRUST_PROXY no network that clients are in.'
}

const unknown: Finding = {
  code: 'outside_address_unknown',
  severity: 'unknown',
  setting: 'OPERATIONS_TOKEN',
  message: 'Which address arrives could not be asked: /health/pool-stats does not answer with this OPERATIONS_TOKEN.',
  advice: 'If the proxy keeps /health inside on purpose, look at `ip` of GET /auth/sessions after a sign-in instead.'
}
