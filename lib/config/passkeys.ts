import { isIP } from 'node:net'
import { isClearText, isExposed } from './exposed-rules.ts'
import { isUnder } from './hosts.ts'
import { isPublicSuffix } from './public-suffixes.ts'
import type { Settings } from './settings.ts'
import type { Problem } from './sources.ts'

/** The web application's URL, where passkeys are used. */
export const appUrlOf = (s: Settings) => s.APP_URL ?? issuerOf(s)
export const issuerOf = (s: Settings) => s.ISSUER_URL ?? `http://localhost:${s.PORT}`

/** The settings of passkeys with their defaults, which follow from where the web application lives. */
export function passkeysOf (s: Settings) {
  const app = new URL(appUrlOf(s))
  const rpId = s.PASSKEY_RP_ID ?? app.hostname
  const allowed = (s.ALLOWED_ORIGINS ?? []).filter(origin => isPageOf(origin, rpId))
  const origins = s.PASSKEY_ORIGINS ?? [...new Set([app.origin, ...allowed])]

  return {
    rpId,
    rpName: s.PASSKEY_RP_NAME ?? app.hostname,
    origins,
    /** Pages of other domains that use the same passkeys (WebAuthn Level 3, section 5.11), if there are any. */
    relatedOrigins: origins.some(isRelatedTo(rpId)) ? origins.filter(isPage) : []
  }
}

/** Checks that browsers will take the settings of passkeys: they refuse a domain that is not the page's own. */
export function * checkPasskeys (s: Settings): Generator<Problem> {
  const { PASSKEY_RP_ID: rpId, PASSKEY_ORIGINS: origins = [], NODE_ENV: environment } = s

  if (rpId !== undefined && isIP(rpId) !== 0) {
    yield ['PASSKEY_RP_ID', 'must be a domain: browsers make no passkeys for an address']
  } else if (rpId !== undefined && !isUnder(new URL(appUrlOf(s)).hostname, rpId)) {
    yield ['PASSKEY_RP_ID', 'must be the host of APP_URL or a domain above it']
  } else if (rpId !== undefined && isBare(rpId)) {
    yield ['PASSKEY_RP_ID', 'is a public suffix, for which browsers make no passkeys: name a domain of your own']
  }
  if (isExposed(environment) && origins.some(isClearText)) {
    yield ['PASSKEY_ORIGINS', `must be https in ${environment}`]
  }
}

const isPage = (origin: string) => /^https?:/.test(origin)

function isPageOf (origin: string, rpId: string) {
  return isPage(origin) && isUnder(new URL(origin).hostname, rpId)
}

function isRelatedTo (rpId: string) {
  return (origin: string) => isPage(origin) && !isPageOf(origin, rpId)
}

function isBare (domain: string) {
  return isPublicSuffix(domain) || (domain !== 'localhost' && !domain.includes('.'))
}
