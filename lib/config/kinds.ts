import { Type } from '@sinclair/typebox'
import { readRedisAddress } from './addresses/redis-address.ts'
import { readCredentialUrl } from './addresses/credential-url.ts'
import { readEncryptionKeys } from './encryption-key.ts'
import { parseMailbox } from './addresses/mailbox.ts'
import {
  parseAllowedOrigin, parseBaseUrl, parseBoolean, parseDuration, parseEntries, parseForm, parseInteger, parseList,
  parseOrigin, parsePairs, parsePasskeyOrigin, parseProxies, parseRates, parseShare
} from './parse.ts'
import { readPostgresAddress } from './addresses/postgres-address.ts'

/** The description of a setting: a sentence for `.env.example`, a default, whether its value is a secret. */
export interface About {
  description: string
  default?: string
  /** A secret is never shown and may come from a file: NAME_FILE. */
  secret?: true
}

const dayMs = 86_400_000

/** A kind of setting: a string of the environment, and how it is decoded to what the code works with. */
const kind = <T>(about: About, decode: (text: string) => T) =>
  Type.Transform(Type.String(about)).Decode(decode).Encode(String)

export const text = (about: About, form: RegExp, wanted: string) =>
  kind(about, text => parseForm(text, form, wanted))
export const texts = (about: About, form: RegExp, wanted: string) =>
  kind(about, text => parseEntries(text).map(entry => parseForm(entry, form, wanted)))
export const boolean = (about: About) => kind(about, parseBoolean)
export const integer = (minimum: number, maximum: number, about: About) =>
  kind(about, text => parseInteger(text, minimum, maximum))
export const port = (about: About) => integer(0, 65535, about)
export const rates = (about: About) => kind(about, parseRates)
export const origin = (about: About) => kind(about, parseOrigin)
export const origins = (about: About) => kind(about, text => parseEntries(text).map(parseAllowedOrigin))
export const passkeyOrigins = (about: About) => kind(about, text => parseEntries(text).map(parsePasskeyOrigin))
export const proxies = (about: About) => kind(about, parseProxies)
export const mailbox = (about: About) => kind(about, parseMailbox)
export const baseUrl = (about: About) => kind(about, parseBaseUrl)
export const pairs = (about: About) => kind(about, parsePairs)
export const share = (about: About) => kind(about, parseShare)
export const encryptionKeys = (about: About) => kind(about, text => readEncryptionKeys(parseList(text)))

export const redisUrl = (about: About) => checked(about, readRedisAddress)
export const postgresUrl = (about: About) => checked(about, readPostgresAddress)
// nodemailer takes settings from the query, and prefers them to ours: `?tls.rejectUnauthorized=false` would win.
export const smtpUrl = (about: About) => checked(about, text => {
  const { hostname, search } = readCredentialUrl(text, /^smtps?:\/\/$/, 'an smtp:// or smtps:// URL')
  if (hostname === '') throw new Error('must name the host of the mail server')
  if (search !== '') throw new Error(`must have no query: ${insteadOfQuery}`)
})

const insteadOfQuery = 'whether TLS is used is said by smtp:// or smtps://, and an authority of your own is named in SMTP_CA_FILE'

export const sentryDsn = (about: About) => checked(about, text => {
  const { username, password, hostname, pathname } = readCredentialUrl(text, /^https?:\/\/$/, dsnForm)
  if (hostname === '' || !/^\w+$/.test(username) || password !== '' || !/\/\d+$/.test(pathname)) throw new Error(`must be ${dsnForm}`)
})

const dsnForm = 'a DSN of Sentry, such as https://KEY@HOST/7'

/** Is checked and stays a text, because the password in it is masked in the text. */
function checked (about: About, check: (text: string) => unknown) {
  return kind(about, text => {
    check(text)
    return text
  })
}

/** A duration, decoded to milliseconds; `minimum` and `maximum` are milliseconds too, both included. */
export function duration (
  about: About,
  { minimum = 1, maximum = 400 * dayMs - 1, wanted = 'more than 0 and below 400d' } = {}
) {
  return kind(about, text => {
    const milliseconds = parseDuration(text)
    if (milliseconds < minimum || milliseconds > maximum) throw new Error(`must be ${wanted}`)
    return milliseconds
  })
}

/** One word out of several. */
export function choice<const T extends string> (words: readonly T[], about: About) {
  return kind(about, text => {
    const word = words.find(word => word === text)
    if (word === undefined) throw new Error(`must be one of ${words.join(', ')}`)
    return word
  })
}
