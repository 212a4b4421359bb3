import { Refusal } from './errors.ts'

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
  const attributes = {
    path: '/',
    httpOnly: true,
    secure: cookieSecure,
    sameSite: cookieSameSite,
    ...(cookieDomain !== null && { domain: cookieDomain }),
    ...(cookiePartitioned && { partitioned: true })
  }

  return { names, attributes, read }

  /**
   * Our cookies in a Cookie header. Throws `malformed_request` for two of one name: nobody can tell
   * which of them a stranger has put there. Our values need no decoding; what does is not ours.
   */
  function read (header: string | undefined): CarriedCookies {
    if (header === undefined) return none

    const carried: CarriedCookies = {}
    for (const pair of header.split(';')) {
      const [name = '', value = ''] = pair.trim().split(/=(.*)/s, 2)
      const kind = kinds.find(kind => names[kind] === name)
      if (!kind) continue
      if (carried[kind] !== undefined) throw new Refusal('malformed_request')
      carried[kind] = value
    }
    return carried
  }
}
