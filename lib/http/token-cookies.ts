import { Refusal } from '../errors.ts'

/** What of the settings decides how cookies look. */
export interface CookieSettings {
  cookieDomain: string | null
  cookieSameSite: 'strict' | 'lax' | 'none'
  cookiePartitioned: boolean
  cookieSecure: boolean
}

/** The values of our cookies that a request carries. */
export interface CarriedCookies { access?: string, refresh?: string, device?: string }

export type CookieKind = keyof CarriedCookies
export type TokenCookies = ReturnType<typeof createTokenCookies>

const kinds = ['access', 'refresh', 'device'] as const
const none: CarriedCookies = Object.freeze({})

/**
 * The three cookies of the browser's door. Without a domain they are `__Host-` cookies, which no other
 * host can set (RFC 6265bis §4.1.3); with one, every host under it is trusted like the API.
 */
export function createTokenCookies ({ cookieDomain, cookieSameSite, cookiePartitioned, cookieSecure }: CookieSettings) {
  const prefix = !cookieSecure ? '' : cookieDomain === null ? '__Host-' : '__Secure-'
  const names = { access: `${prefix}access`, refresh: `${prefix}refresh`, device: `${prefix}device` }
  const attributes = attributesOf(cookieDomain, cookiePartitioned)
  // What else a browser may keep under one name, left from other settings or put there by another host:
  // of the domain or of this host alone, partitioned or not.
  const domains = cookieDomain === null ? [null] : [cookieDomain, null]
  const scopes = domains.flatMap(domain => (cookieSecure ? [true, false] : [false]).map(partitioned => attributesOf(domain, partitioned)))

  return { names, attributes, scopes, read, twinsIn }

  /**
   * Our cookies in a Cookie header. Throws `malformed_request` for two of one name: nobody can tell
   * which of them a stranger has put there. Our values need no decoding; what does is not ours.
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

  /** Of which of our cookies a header carries two or more. */
  function twinsIn (header: string): CookieKind[] {
    const found = ours(header).map(([kind]) => kind)
    return kinds.filter(kind => found.indexOf(kind) !== found.lastIndexOf(kind))
  }

  // Only what RFC 6265 §5.4 puts between cookies is taken off: whoever trims other white space reads a
  // name that a browser takes for a different one, without a prefix to guard, as ours.
  function ours (header: string) {
    const found: [CookieKind, string][] = []
    for (const text of header.split(';')) {
      const pair = text.replace(/^[ \t]+/, '')
      const end = pair.indexOf('=')
      const kind = end < 0 ? undefined : kinds.find(kind => names[kind] === pair.slice(0, end))
      if (kind) found.push([kind, pair.slice(end + 1)])
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
