import { Refusal } from '../errors.ts'

/** The settings that decide the names and attributes of cookies. */
export interface CookieSettings {
  cookieDomain: string | null
  cookieSameSite: 'strict' | 'lax' | 'none'
  cookiePartitioned: boolean
  cookieSecure: boolean
}

/** The values of our cookies that a request carries. */
export interface CarriedCookies { access?: string, refresh?: string, device?: string }

export type CookieKind = keyof CarriedCookies

/** Parses a Cookie header: values as they were sent, by name. Of two cookies with one name it takes the first. */
export type ParseCookies = (header: string) => Readonly<Record<string, string | undefined>>
export type TokenCookies = ReturnType<typeof createTokenCookies>

const kinds = ['access', 'refresh', 'device'] as const
const none: CarriedCookies = Object.freeze({})

/**
 * The three cookies of the transport `cookie`. Without a domain they are `__Host-` cookies, which no other host can set
 * (RFC 6265bis §4.1.3). With a domain, every host under it is trusted like the API.
 */
export function createTokenCookies (settings: CookieSettings, parse: ParseCookies) {
  const { cookieDomain, cookieSameSite, cookiePartitioned, cookieSecure } = settings
  const prefix = !cookieSecure ? '' : cookieDomain === null ? '__Host-' : '__Secure-'
  const names = { access: `${prefix}access`, refresh: `${prefix}refresh`, device: `${prefix}device` }
  const attributes = attributesOf(cookieDomain, cookiePartitioned)
  // A browser may keep several cookies under one name, left from other settings or set by another host: of the
  // domain or of this host alone, partitioned or not.
  const domains = cookieDomain === null ? [null] : [cookieDomain, null]
  const partitions = cookieSecure ? [true, false] : [false]
  const scopes = domains.flatMap(domain => partitions.map(partitioned => attributesOf(domain, partitioned)))

  return { names, attributes, scopes, read, twinsIn }

  /**
   * Our cookies in a Cookie header.
   * @throws Refusal malformed_request for two of one name, because one of them may have been set by another host
   */
  function read (header: string | undefined): CarriedCookies {
    if (header === undefined) return none

    const carried: CarriedCookies = {}
    for (const [kind, value] of ours(header)) {
      if (carried[kind] !== undefined) throw new Refusal('malformed_request')
      carried[kind] = value
    }
    return carried
  }

  /** The kinds of our cookies of which a header carries two or more. */
  function twinsIn (header: string): CookieKind[] {
    const found = ours(header).map(([kind]) => kind)
    return kinds.filter(kind => found.indexOf(kind) !== found.lastIndexOf(kind))
  }

  // Each pair is parsed by itself: a parser of the whole header keeps one of two cookies with one name. Parsers also
  // take white space before the `=`, which no browser sends: such a name is not ours.
  function ours (header: string) {
    const found: [CookieKind, string][] = []
    for (const pair of header.split(';')) {
      const cookies = parse(pair)
      for (const kind of kinds) {
        const value = cookies[names[kind]]
        if (value !== undefined && pair.trimStart().startsWith(`${names[kind]}=`)) found.push([kind, value])
      }
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
