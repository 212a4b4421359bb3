import { isIP } from 'node:net'
import { Refusal } from '../errors.ts'

/** The settings that decide the names and attributes of cookies. */
export interface CookieSettings {
  cookieDomain: string | null
  cookieSameSite: 'strict' | 'lax' | 'none'
  cookiePartitioned: boolean
  cookieSecure: boolean
  /** The origin of the API. A browser may keep cookies of its host and of each parent domain of that. */
  issuer: string
}

/** The values of our cookies that a request carries. */
export interface CarriedCookies { access?: string, refresh?: string, device?: string, mfa?: string }

export type CookieKind = keyof CarriedCookies

/** Our cookies in a Cookie header, in their order; several of one kind may be among them. */
export type FoundCookies = readonly (readonly [kind: CookieKind, value: string])[]

/**
 * Tells when a cookie's value was issued (milliseconds since 1970; 0 if it does not say), and null for a value that
 * this deployment has not signed.
 */
export type IssueTimes = Partial<Record<CookieKind, (value: string) => number | null>>

/** Parses a Cookie header: values as they were sent, by name. Of two cookies with one name it takes the first. */
export type ParseCookies = (header: string) => Readonly<Record<string, string | undefined>>
export type TokenCookies = ReturnType<typeof createTokenCookies>

const kinds = ['access', 'refresh', 'device', 'mfa'] as const
const none: CarriedCookies = Object.freeze({})
const nothing: FoundCookies = Object.freeze([])

/**
 * The cookies of the transport `cookie`: those of a session and of a device, and `mfa` while a sign-in waits for a
 * second factor. Without a domain they are `__Host-` cookies, which no other host can set (RFC 6265bis §4.1.3). With a
 * domain, every host under it is trusted like the API.
 */
export function createTokenCookies (settings: CookieSettings, parse: ParseCookies) {
  const { cookieDomain, cookieSameSite, cookiePartitioned, cookieSecure, issuer } = settings
  const prefix = !cookieSecure ? '' : cookieDomain === null ? '__Host-' : '__Secure-'
  const names = {
    access: `${prefix}access`,
    refresh: `${prefix}refresh`,
    device: `${prefix}device`,
    mfa: `${prefix}mfa`
  }
  const attributes = attributesOf(cookieDomain, cookiePartitioned)
  // A browser may keep several cookies under one name, left from other settings or set by another host: of a domain
  // or of this host alone, partitioned or not.
  const hosts = cookieDomain === null ? [] : [cookieDomain, new URL(issuer).hostname]
  const domains = [...domainsAbove(hosts), null]
  const partitions = cookieSecure ? [true, false] : [false]
  const scopes = domains.flatMap(domain => partitions.map(partitioned => attributesOf(domain, partitioned)))

  return { names, attributes, scopes, find, choose, twinsIn }

  /**
   * One value for each kind of cookie. Of several, the one that was issued last: the others are left from other
   * settings. Values that this deployment has not signed are passed over where the cookies have a domain, because any
   * host under it may have set them.
   * @throws Refusal malformed_request for more of one kind than a browser can have, before any is dated; for several of
   * one kind of which none is ours; without a domain, also where one is not ours, because no other host can have set it
   */
  function choose (found: FoundCookies, issueTimes: IssueTimes = {}): CarriedCookies {
    if (found.length === 0) return none

    const carried: CarriedCookies = Object.fromEntries(found)
    for (const kind of twinsIn(found)) carried[kind] = newest(valuesOf(found, kind), issueTimes[kind])
    return carried
  }

  function newest (values: string[], issuedAt: (value: string) => number | null = () => null): string {
    if (values.length > scopes.length) throw new Refusal('malformed_request')

    let [latest, latestAt] = ['', -1]
    for (const value of new Set(values)) {
      const at = issuedAt(value)
      if (at === null && cookieDomain === null) throw new Refusal('malformed_request')
      if (at !== null && at >= latestAt) [latest, latestAt] = [value, at]
    }
    if (latestAt < 0) throw new Refusal('malformed_request')
    return latest
  }

  /** Our cookies in a Cookie header. */
  // Each pair is parsed by itself: a parser of the whole header keeps one of two cookies with one name. Parsers also
  // take white space before the `=`, which no browser sends: such a name is not ours. Only pairs with a name of ours
  // are parsed, because a header may consist of thousands of pairs.
  function find (header: string | undefined): FoundCookies {
    if (header === undefined) return nothing
    const found: [CookieKind, string][] = []
    for (const pair of header.split(';')) {
      const start = pair.trimStart()
      const kind = kinds.find(kind => start.startsWith(`${names[kind]}=`))
      if (kind === undefined) continue
      const value = parse(pair)[names[kind]]
      if (value !== undefined) found.push([kind, value])
    }
    return found
  }

  function attributesOf (domain: string | null, partitioned: boolean) {
    return {
      path: '/',
      httpOnly: true,
      secure: cookieSecure,
      sameSite: cookieSameSite,
      ...(domain !== null && { domain }),
      ...(partitioned && { partitioned })
    }
  }
}

/** The kinds of which there are two or more. */
function twinsIn (found: FoundCookies): CookieKind[] {
  return kinds.filter(kind => valuesOf(found, kind).length > 1)
}

function valuesOf (found: FoundCookies, wanted: CookieKind): string[] {
  return found.filter(([kind]) => kind === wanted).map(([, value]) => value)
}

/** The domains for which a host may set cookies: its own name and each parent, save the last label; of an IP none. */
function domainsAbove (hosts: string[]): Set<string> {
  return new Set(hosts.filter(host => isIP(host.replace(/^\[|\]$/g, '')) === 0).flatMap(host => {
    const labels = host.split('.')
    // A name of one label (localhost) is a host; no browser takes a cookie for a whole top-level domain.
    return labels.slice(0, Math.max(1, labels.length - 1)).map((_, index) => labels.slice(index).join('.'))
  }))
}
