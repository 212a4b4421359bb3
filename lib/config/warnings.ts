import { isExposed } from './exposed-rules.ts'
import { distanceOf } from './hosts.ts'
import { readPostgresAddress } from './addresses/postgres-address.ts'
import { siteOf } from './public-suffixes.ts'
import { hostsOf, readRedisAddress } from './addresses/redis-address.ts'
import type { Settings } from './settings.ts'

/**
 * `unsafe`: somebody can be hurt, or the service does not do its work. `warning`: it works, at a risk that may be
 * meant. `info`: worth knowing. `unknown`: it could not be looked at.
 */
export type Severity = 'unsafe' | 'unknown' | 'warning' | 'info'

/** Something about a deployment that its operator should know. It never contains a secret. */
export interface Finding {
  /** Stable, for programs. */
  code: string
  severity: Severity
  /** The setting that it is about, if it is about one. */
  setting?: string
  /** What was found and what it means, in sentences. */
  message: string
  /** What to do. */
  advice: string
}

const warning = (code: string, setting: string, problem: string, advice: string) =>
  aboutSetting(code, 'warning', setting, problem, advice)

/** What may be meant and is risky. Each warning has the name of the setting that it is about. */
export function * warnAbout (s: Settings): Generator<Finding> {
  yield * warnAboutListeners(s)
  if (!isExposed(s.NODE_ENV)) return
  yield * warnAboutProxies(s)
  yield * warnAboutPostgres('DATABASE_URL', s.DATABASE_URL, s)
  yield * warnAboutPostgres('DATABASE_DIRECT_URL', s.DATABASE_DIRECT_URL, s)
  yield * warnAboutRedis(s)
  yield * warnAboutSites(s)
  yield * warnAboutMail(s)
  yield * warnAboutOpenness(s)
}

function * warnAboutListeners ({ NODE_ENV, HOST: host, METRICS_PORT: metricsPort }: Settings): Generator<Finding> {
  const isLenient = !isExposed(NODE_ENV)
  const isEverywhere = host === undefined ? !isLenient : /^(0\.0\.0\.0|::)$/.test(host)

  if (isLenient && isEverywhere) {
    yield aboutSetting(
      'development_reachable', 'unsafe', 'HOST', `listens on every address with the rules of ${NODE_ENV}`,
      'Set NODE_ENV=production, or HOST=127.0.0.1.'
    )
  }
  if (metricsPort !== undefined && isEverywhere) {
    yield warning(
      'metrics_reachable', 'METRICS_PORT', 'listens on every address and asks for no token',
      'Keep the port inside your network, or unset it and use OPERATIONS_TOKEN.'
    )
  }
}

// Latchkey itself speaks plain http. So where its public origin is https, something in front of it ends TLS.
function * warnAboutProxies ({ ISSUER_URL: issuer, TRUST_PROXY: proxies = [] }: Settings): Generator<Finding> {
  if (proxies.length > 0 || issuer?.startsWith('https:') !== true) return
  yield aboutSetting(
    'proxy_not_named', 'unsafe', 'TRUST_PROXY',
    'is not set, although a proxy must end TLS for the https origin: all clients count as one network, ' +
      'so a few wrong passwords anywhere keep everybody from signing in',
    'Set it to the address from which the proxy connects.'
  )
}

function * warnAboutPostgres (
  name: string, url: string | undefined, { DATABASE_CA_FILE: ca }: Settings
): Generator<Finding> {
  if (url === undefined || ca !== undefined) return

  const { host, sslmode } = readPostgresAddress(url)
  if (distanceOf(host) === 'this machine' || sslmode === 'verify-full') return
  const advice = 'Add sslmode=verify-full, and name the authority in DATABASE_CA_FILE if it is one of your own.'
  if (sslmode === null || sslmode === 'disable') {
    yield warning('database_clear_text', name, 'reaches a private network in clear text', advice)
  } else {
    yield warning(
      'database_not_verified', name,
      `encrypts and does not verify the name of the server (it says sslmode=${sslmode})`, advice
    )
  }
}

function * warnAboutRedis ({ REDIS_URL: url }: Settings): Generator<Finding> {
  if (url === undefined) return

  const address = readRedisAddress(url)
  if (hostsOf(address).every(host => distanceOf(host) === 'this machine')) return
  if (!address.isEncrypted) {
    yield warning('redis_clear_text', 'REDIS_URL', 'reaches a private network in clear text', 'Write rediss://, which encrypts.')
  }
  if (address.password === undefined) {
    yield warning(
      'redis_no_password', 'REDIS_URL', 'has no password: anybody in that network can read and write',
      'Set a password in Redis and in the URL.'
    )
  }
}

function * warnAboutSites (s: Settings): Generator<Finding> {
  const { ISSUER_URL: issuer, APP_URL: appUrl, ALLOWED_ORIGINS: origins = [], COOKIE_SAMESITE: sameSite } = s
  if (issuer === undefined || sameSite === 'none') return

  const advice = `Serve it below ${siteOf(new URL(issuer).hostname)}, or set COOKIE_SAMESITE=none with ` +
    'COOKIE_PARTITIONED=true. It is in order if that application uses the bearer transport only.'
  const problem = `is on another site than ISSUER_URL: with COOKIE_SAMESITE=${sameSite} its pages are never signed in by cookie`
  if (appUrl !== undefined && isElsewhere(appUrl, issuer)) yield warning('app_on_another_site', 'APP_URL', problem, advice)
  const others = origins.filter(origin => isElsewhere(origin, issuer) && origin !== originOf(appUrl))
  if (others.length > 0) {
    yield warning('origin_on_another_site', 'ALLOWED_ORIGINS', `(${others.join(', ')}) ${problem}`, advice)
  }
}

const originOf = (url: string | undefined) => url === undefined ? undefined : new URL(url).origin

/** Whether a page of a web site is on another one. A web view (`capacitor://localhost`) belongs to no site. */
function isElsewhere (url: string, issuer: string) {
  const [page, api] = [new URL(url), new URL(issuer)]
  return page.protocol === 'https:' && siteOf(page.hostname) !== siteOf(api.hostname)
}

function * warnAboutMail (s: Settings): Generator<Finding> {
  const { MAIL_FROM: from, ISSUER_URL: issuer, APP_URL: appUrl, SMTP_URL: smtp } = s

  if (smtp === undefined) {
    yield aboutSetting(
      'mail_not_set', 'unsafe', 'SMTP_URL', 'is not set: no code, no link and no notice reaches anybody',
      'Set it to your mail server.'
    )
  }
  const domain = from?.address.slice(from.address.lastIndexOf('@') + 1)
  const ours = [issuer, appUrl].filter(url => url !== undefined).map(url => siteOf(new URL(url).hostname))
  if (domain === undefined || ours.length === 0 || ours.includes(siteOf(domain))) return
  yield warning(
    'mail_sender_foreign', 'MAIL_FROM', `is an address of ${domain}, which belongs neither to ISSUER_URL nor to APP_URL`,
    'Send from your own domain, with SPF, DKIM and DMARC for it. Otherwise mails are taken for phishing.'
  )
}

function * warnAboutOpenness (s: Settings): Generator<Finding> {
  if (s.EMAIL_VERIFICATION === 'optional') {
    yield warning(
      'accounts_can_be_listed', 'EMAIL_VERIFICATION', 'is optional, which tells everybody which addresses have an account',
      'Set it to required.'
    )
  }
  if (s.DOCS_ENABLED === true) {
    yield warning('docs_enabled', 'DOCS_ENABLED', 'shows the whole API to everybody', 'Unset it, or guard /docs at the proxy.')
  }
  if (s.LOG_LEVEL === 'trace' || s.LOG_LEVEL === 'debug') {
    yield warning(
      'log_level_verbose', 'LOG_LEVEL', `${s.LOG_LEVEL} writes much more about each request than is needed to run Latchkey`,
      'Unset it as soon as you have seen what you were looking for.'
    )
  }
}

/** Makes a finding about a setting; the problem completes a sentence that begins with its name. */
export function aboutSetting (
  code: string, severity: Severity, setting: string, problem: string, advice: string
): Finding {
  return { code, severity, setting, message: `${setting} ${problem}.`, advice }
}
