import { isIP } from 'node:net'
import { coversInternet } from './hosts.ts'

/** A rate: at most `limit` requests within `window` milliseconds. */
export interface Rate { limit: number, window: number }

/** Milliseconds of each unit. */
const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
type Unit = keyof typeof units

const isUnit = (text: string | undefined): text is Unit => text !== undefined && text in units

/**
 * Reads `10s`, `15m`, `12h`, `7d` (and `500ms`) as milliseconds.
 * @throws Error which says what is wanted and never what was given, as all functions of this file do
 */
export function parseDuration (text: string): number {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? []
  if (count === undefined || !isUnit(unit)) throw new Error('must be a duration such as 10s, 15m, 12h or 7d')
  return Number(count) * units[unit]
}

/** Reads `10/15m` or `60/1m,1000/1h`. All rates of the list apply. */
export function parseRates (text: string): Rate[] {
  return parseEntries(text).map(entry => {
    const [, limit, window] = /^(\d{1,9})\/(.+)$/.exec(entry) ?? []
    if (limit === undefined || window === undefined || Number(limit) < 1) {
      throw new Error('must be rates such as 10/15m, several as 60/1m,1000/1h')
    }

    const rate = { limit: Number(limit), window: parseDuration(window) }
    if (rate.window < 1000 || rate.window > 400 * units.d) throw new Error('must count over 1s to 400d')
    return rate
  })
}

/** Reads entries between commas, trimmed; empty ones are dropped. */
export function parseList (text: string): string[] {
  return text.split(',').map(entry => entry.trim()).filter(entry => entry !== '')
}

/** Reads a list of one entry or more. A text of commas would otherwise count as a limit without rates. */
export function parseEntries (text: string): string[] {
  const entries = parseList(text)
  if (entries.length === 0) throw new Error('must have an entry between its commas; leave it unset for none')
  return entries
}

/** Reads `name=value,other=value`, with values percent-encoded, as OTEL_… variables are written (W3C Baggage). */
export function parsePairs (text: string): Record<string, string> {
  return Object.fromEntries(parseEntries(text).map(entry => {
    const [, name, value] = /^([!#$%&'*+.^`|~\w-]+)\s*=\s*([^\s\p{C}]*)$/u.exec(entry) ?? []
    if (name === undefined || value === undefined) throw new Error(`must be ${pairsForm}`)
    try {
      return [name, decodeURIComponent(value)]
    } catch {
      throw new Error(`must be ${pairsForm}`)
    }
  }))
}

const pairsForm = 'pairs such as name=value,other=value, with % for blanks and commas in a value (%20 %2C)'

/** Reads a share: a number from 0 to 1, both included. */
export function parseShare (text: string): number {
  if (!/^(0|1|0?\.\d{1,9}|[01]\.\d{1,9})$/.test(text) || Number(text) > 1) throw new Error('must be a number from 0 to 1')
  return Number(text)
}

export function parseBoolean (text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error('must be true or false')
  return text === 'true'
}

/** Reads a whole number between `minimum` and `maximum`, both included. */
export function parseInteger (text: string, minimum: number, maximum: number): number {
  if (!/^\d{1,12}$/.test(text) || Number(text) < minimum || Number(text) > maximum) {
    throw new Error(`must be a whole number from ${minimum} to ${maximum}`)
  }
  return Number(text)
}

/** Addresses and CIDRs of proxies, which together are no large part of the internet. */
export function parseProxies (text: string): string[] {
  const proxies = parseEntries(text).map(parseProxy)
  if (coversInternet(proxies)) {
    throw new Error('must name proxies only, and together these networks trust a large part of the internet')
  }
  return proxies
}

/** An address or a CIDR. A number of hops or a name is refused, because either would trust any sender. */
function parseProxy (text: string): string {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  const prefixMax = family === 4 ? 32 : 128
  const isNetwork = prefix === undefined ||
    (/^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= prefixMax)

  if (family === 0 || address.includes('%') || !isNetwork || rest.length > 0) {
    throw new Error('must be addresses and CIDRs such as 10.0.0.7,10.1.0.0/16 (no hop count, no true, no /0)')
  }
  return text
}

/** Scheme, host and port and nothing else, as a browser writes it: `https://app.example.com`. */
export function parseOrigin (text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.origin !== text || text.includes('*')) {
    throw new Error('must be an origin without a path, such as https://auth.example.com')
  }
  return text
}

/** An origin of a browser or of an app's web view (`capacitor://localhost`, whose `URL.origin` is `null`). */
export function parseAllowedOrigin (text: string): string {
  if (/^(?!https?:|file:|data:|blob:)[a-z][a-z0-9+.-]*:\/\/[a-z0-9.-]+(:\d{1,5})?$/.test(text)) return text
  return parseOrigin(text)
}

/** An origin as WebAuthn has it: that of a page, or of an Android app, which is the hash of its certificate. */
export function parsePasskeyOrigin (text: string): string {
  return /^android:apk-key-hash:[A-Za-z0-9_-]{43}$/.test(text) ? text : parseOrigin(text)
}

/** An http(s) URL without user, query and fragment; a slash at its end is dropped. */
export function parseBaseUrl (text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const hasUser = url !== undefined && (url.username !== '' || url.password !== '')
  if (url === undefined || hasUser || !/^https?:$/.test(url.protocol) || /[?#\s]/.test(text)) {
    throw new Error('must be an http(s) URL without user, query and fragment, such as https://app.example.com')
  }
  return url.href.replace(/\/+$/, '')
}

/** Text of a given form; `wanted` completes the sentence `must be …`. */
export function parseForm (text: string, form: RegExp, wanted: string): string {
  if (!form.test(text)) throw new Error(`must be ${wanted}`)
  return text
}
