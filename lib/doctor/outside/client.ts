import type { Config } from '../../config/config.ts'
import { distanceOf } from '../../config/hosts.ts'
import type { Finding } from '../../config/warnings.ts'
import { createTokenCookies } from '../../http/token-cookies.ts'
import { lookAtAddress } from './address.ts'
import type { Answer, Ask } from './ask.ts'

interface View {
  url: URL
  ask: Ask
  /** Asks the same host over plain http; null where that is not to be tried. */
  askPlain: Ask | null
  config: Pick<Config, 'http' | 'browser' | 'operations'>
  /** Milliseconds since 1970. */
  now: number
}

const dayMs = 86_400_000
/** A certificate that ends within this time should have been renewed, which is done about a month before its end. */
const certificateLeftMinMs = 14 * dayMs
/** An origin that nobody has (RFC 2606). */
const foreignOrigin = 'https://doctor.invalid'
/** What every answer of Latchkey carries, and what clients rely on. */
const expectedHeaders = [
  ['strict-transport-security', /max-age=\d{7,}/],
  ['x-content-type-options', /^nosniff$/],
  ['cache-control', /no-store/],
  ['content-security-policy', /default-src 'none'/]
] as const

/** Looks at a deployment as a client meets it. Rejects if the server cannot be reached. */
export async function lookFromOutside (view: View): Promise<Finding[]> {
  const { url, ask, now, config: { http: { apiPrefix, issuer } } } = view
  const live = await ask('/health/live').catch(error => error)
  if (live instanceof Error) {
    if (!isTlsTrouble(live)) throw live
    return [finding(
      'outside_tls', 'unsafe',
      `Clients refuse the connection: ${live.message}.`,
      'Serve a certificate for this name, with all between it and a trusted authority.'
    )]
  }

  const me = await ask(`${apiPrefix}/auth/me`)
  if (me.status !== 401 || !me.headers.has('x-request-id')) {
    return [finding(
      'outside_not_latchkey', 'unsafe',
      `${apiPrefix}/auth/me answers ${me.status} and not as Latchkey does.`,
      'Check where the proxy sends this path, and API_PREFIX.'
    )]
  }
  return [
    ...judgeOrigin(url, issuer),
    ...judgeCertificate(live, now),
    ...judgeHealth(live, await ask('/health/ready')),
    ...judgeHeaders(me),
    ...await lookAtCors(view),
    ...await lookAtCookies(view),
    ...await lookAtInternalPaths(view),
    ...await lookAtAddress(view),
    ...await lookAtPlainHttp(view)
  ]
}

const finding = (code: string, severity: Finding['severity'], message: string, advice: string): Finding =>
  ({ code, severity, message, advice })

const about = (setting: string, found: Finding): Finding => ({ ...found, setting })

function isTlsTrouble (error: Error) {
  return 'code' in error && /^(CERT_|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED)/.test(String(error.code))
}

function judgeOrigin (url: URL, issuer: string): Finding[] {
  const findings: Finding[] = []
  if (url.origin !== issuer) {
    findings.push(about('ISSUER_URL', finding(
      'outside_issuer_differs', 'warning',
      `ISSUER_URL is ${issuer}, and clients were said to come by ${url.origin}.`,
      'Set ISSUER_URL to the origin that clients use: tokens and cookies are bound to it.'
    )))
  }
  if (url.protocol === 'http:' && distanceOf(url.hostname) !== 'this machine') {
    findings.push(finding(
      'outside_clear_text', 'unsafe',
      'Passwords and tokens cross the network in clear text.',
      'End TLS at the proxy; deploy/nginx.conf shows how.'
    ))
  }
  return findings
}

function judgeCertificate ({ certificateEnd }: Answer, now: number): Finding[] {
  if (certificateEnd === null || certificateEnd - now >= certificateLeftMinMs) return []
  return [finding(
    'outside_certificate_ends', 'warning',
    `The certificate ends at ${new Date(certificateEnd).toISOString()}.`,
    'Renew it, and see why that did not happen by itself.'
  )]
}

function judgeHealth (live: Answer, ready: Answer): Finding[] {
  if (live.status === 200 && ready.status === 200) return []
  return [finding(
    'outside_not_healthy', 'warning',
    `/health/live answers ${live.status} and /health/ready ${ready.status}.`,
    'If the proxy hides them on purpose, all is well. Else look at /health of each node.'
  )]
}

function judgeHeaders ({ headers }: Answer): Finding[] {
  const lost = expectedHeaders.filter(([name, form]) => !headers.get(name)?.every(value => form.test(value)))
  if (lost.length === 0) return []
  return [finding(
    'outside_headers_lost', 'warning',
    `Something in between takes away or changes ${lost.map(([name]) => name).join(', ')}.`,
    'Let the proxy pass on the headers of Latchkey as they are.'
  )]
}

async function lookAtCors ({ ask, config }: View): Promise<Finding[]> {
  const { http: { apiPrefix }, browser: { allowedOrigins } } = config
  const allowedFor = async (origin: string) =>
    (await ask(`${apiPrefix}/auth/me`, { headers: { origin } })).headers.get('access-control-allow-origin') ?? []
  const [first] = allowedOrigins
  const findings: Finding[] = []

  if ((await allowedFor(foreignOrigin)).length > 0) {
    findings.push(finding(
      'outside_cors_open', 'unsafe',
      'Pages of any origin may read what the API answers.',
      'Take Access-Control-Allow-Origin out of the proxy; ALLOWED_ORIGINS is the list.'
    ))
  }
  if (first !== undefined) {
    const allowed = await allowedFor(first)
    if (allowed.length !== 1 || allowed[0] !== first) {
      findings.push(about('ALLOWED_ORIGINS', finding(
        'outside_cors_broken', 'warning',
        `Browsers will refuse ${first}: Access-Control-Allow-Origin comes ${allowed.length} times.`,
        'Let the proxy add no CORS headers of its own, and pass Origin on.'
      )))
    }
  }
  return findings
}

/** A logout without a session ends none. It is answered with cookies that expire, with the attributes of all others. */
async function lookAtCookies ({ ask, config: { http: { apiPrefix, issuer }, browser } }: View): Promise<Finding[]> {
  const { names } = createTokenCookies({ ...browser, issuer }, () => ({}))
  const { headers } = await ask(`${apiPrefix}/auth/logout`, {
    method: 'POST',
    headers: { cookie: `${names.access}=doctor`, 'sec-fetch-site': 'none' }
  })
  const cookies = (headers.get('set-cookie') ?? []).filter(cookie => cookie.startsWith(`${names.access}=`))
  const wanted = ['HttpOnly', 'Path=/', `SameSite=${browser.cookieSameSite}`, ...(browser.cookieSecure ? ['Secure'] : [])]
  const lost = wanted.filter(attribute => !cookies.every(cookie => hasAttribute(cookie, attribute)))

  if (cookies.length === 0) {
    return [finding(
      'outside_cookies_lost', 'warning',
      'No cookie arrives: nobody can sign in by cookie.',
      'Let the proxy pass on Set-Cookie, Cookie and Sec-Fetch-Site.'
    )]
  }
  if (lost.length === 0) return []
  return [finding(
    'outside_cookies_weak', 'unsafe',
    `Cookies arrive without ${lost.join(', ')}.`,
    'Let the proxy leave the attributes of cookies alone (nginx: proxy_cookie_flags, proxy_cookie_path).'
  )]
}

const hasAttribute = (cookie: string, attribute: string) =>
  cookie.split(';').some(part => part.trim().toLowerCase() === attribute.toLowerCase())

/** Looks whether the paths that are for operators and developers answer to everybody. */
async function lookAtInternalPaths ({ ask, config: { http: { isExposed } } }: View): Promise<Finding[]> {
  const findings: Finding[] = []
  if ((await ask('/metrics')).status === 200) {
    findings.push(finding(
      'outside_metrics', 'unsafe',
      'Anybody can read /metrics.',
      'Let the proxy keep it inside your network, and use OPERATIONS_TOKEN.'
    ))
  }
  if (isExposed && (await ask('/docs/json')).status === 200) {
    findings.push(finding(
      'outside_docs', 'warning',
      '/docs shows the whole API to everybody.',
      'Unset DOCS_ENABLED, or guard /docs at the proxy.'
    ))
  }
  return findings
}

// What is sent over plain http has been read by then, whatever the answer is.
async function lookAtPlainHttp ({ askPlain, config: { http: { apiPrefix } } }: View): Promise<Finding[]> {
  const answer = await askPlain?.(`${apiPrefix}/auth/me`).catch(() => null) ?? null
  if (answer === null || answer.status === 403) return []
  if (answer.status >= 300 && answer.status < 400) {
    return [finding(
      'outside_http_redirects', 'info',
      'Plain http is redirected, so a client with a wrong address sends its secrets in clear text and never notices.',
      'Refuse it instead, as deploy/nginx.conf does.'
    )]
  }
  return [finding(
    'outside_http_answers', 'unsafe',
    `The API answers over plain http (${answer.status}).`,
    'Let the proxy refuse it, or pass X-Forwarded-Proto on so that Latchkey does.'
  )]
}
