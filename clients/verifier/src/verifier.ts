import { Refusal } from '../../../lib/errors.ts'
import { systemClock } from './clock.ts'
import type { Clock } from './clock.ts'
import { createFeed } from './feed.ts'
import { fieldsOf } from './fields.ts'
import { introspect } from './introspection.ts'
import { assertDemands, judge as judgeClaims } from './judge.ts'
import type { Demands, Principal } from './judge.ts'
import { createKeys } from './keys.ts'
import { createKnowledge } from './knowledge.ts'
import { createTokens } from './tokens.ts'

export interface VerifierOptions {
  /** The `ISSUER_URL` of the deployment. */
  issuer: string
  /** Its `JWT_AUDIENCE`; the issuer by default. */
  audience?: string
  /** Where this process reaches the deployment; the issuer by default. */
  baseUrl?: string
  apiPrefix?: string
  /** What `create-service NAME --may-follow` has shown. */
  feed: { id: string, secret: string }
  /** No token is accepted later than this time (ms) after its end; at least 3000. */
  staleAfter?: number
  /** What happens to tokens while it is not known what has ended: 503, or one question to Latchkey for each request. */
  whenStale?: 'refuse' | 'introspect'
  /** Hears the first error of each series, and of a wrong `issuer` or `audience`; `console.warn` by default. */
  warn?: (error: unknown) => void
  fetch?: typeof fetch
  clock?: Clock
}

export type Verifier = ReturnType<typeof createVerifier>

const staleAfterDefault = 5000
const staleAfterMin = 3000
/** How often (ms) `start` looks whether there is something to wait for. */
const lookInterval = 20

/**
 * Verifies access tokens in this process, without a question for each request. It follows what has ended. While it does
 * not know that for certain, it refuses: a token is never accepted later than `staleAfter` after its end.
 * @throws Error for a `staleAfter` that is too short
 */
export function createVerifier ({
  issuer, audience = issuer, baseUrl = issuer, apiPrefix = '/api/v1', feed: credential, staleAfter = staleAfterDefault,
  whenStale = 'refuse', warn = console.warn, fetch = globalThis.fetch, clock = systemClock
}: VerifierOptions) {
  if (!(staleAfter >= staleAfterMin)) throw new Error(`staleAfter is at least ${staleAfterMin} ms`)
  const root = baseUrl.replace(/\/+$/, '')
  const authorization = basic(credential)
  const knowledge = createKnowledge({ clock, staleAfter })
  const keys = createKeys({ url: `${root}/.well-known/jwks.json`, clock, fetch, staleAfter, warn })
  const tokens = createTokens(keys)
  const asking = { url: `${root}${apiPrefix}/auth/introspect`, authorization, issuer, audience, fetch }
  const feed = createFeed({
    url: `${root}${apiPrefix}/auth/revocations`,
    authorization,
    clock,
    knowledge,
    silenceMax: staleAfter / 2,
    fetch,
    keysChanged: asOf => keys.changed(knowledge.knownUntil, asOf),
    warn
  })
  let running: Promise<void> | null = null
  let isMistakeTold = false

  return {
    issuer,
    audience,
    start,
    close,
    verify,
    judge,
    demand,
    keyOf: tokens.keyOf,
    /** Whether it is known what has ended. */
    isFresh
  }

  /**
   * Begins to follow. Resolves when it is known what has ended, or after `staleAfter`: the service can start without
   * Latchkey, and answers 503.
   * @throws Error if Latchkey refuses the credential
   */
  async function start () {
    running ??= feed.run()
    const began = clock.monotonic()
    while (!isFresh() && clock.monotonic() - began < staleAfter) {
      if (feed.refused) throw feed.refused
      await new Promise(resolve => setTimeout(resolve, lookInterval))
    }
  }

  function isFresh (): boolean {
    return knowledge.isFresh() && keys.isTrusted()
  }

  /** Ends the connection. From then on no token is accepted for longer than `staleAfter`. */
  async function close () {
    feed.close()
    keys.close()
    await running
  }

  /**
   * The user of an access token.
   * @throws Refusal as Latchkey itself would answer: `invalid_token`, `session_ended` with the reason, `forbidden`,
   * `reauthentication_required`, `password_change_required`, `vendor_suspended`, and `unavailable` while it is not
   * known what has ended
   */
  async function verify (token: string, demands: Demands = {}): Promise<Principal> {
    return demand(await judge(await tokens.read(token), token), demands)
  }

  /**
   * Like `verify`, for a token whose signature was verified elsewhere.
   * @param payload the payload of that token
   */
  async function judge (payload: unknown, token: string): Promise<Principal> {
    tellMistake(payload)
    if (whenStale === 'introspect' && !knowledge.isFresh()) return await introspect(token, asking)
    return judgeClaims(payload, { knowledge, issuer, audience })
  }

  /** The deployment has signed it, so what differs in it from the options is a mistake in them: nobody gets in. */
  function tellMistake (payload: unknown) {
    const { iss, aud } = fieldsOf(payload)
    if (isMistakeTold || (iss === issuer && aud === audience)) return
    isMistakeTold = true
    warn(new Error(`tokens have iss ${iss} and aud ${aud}: not issuer ${issuer} and audience ${audience}`))
  }

  /**
   * The principal, if it meets the demands.
   * @throws Refusal `forbidden`, `reauthentication_required`
   */
  function demand (principal: Principal, demands: Demands): Principal {
    assertDemands(principal, demands, knowledge.isFresh() ? knowledge.now() : Date.now())
    return principal
  }
}

/** HTTP Basic as OAuth clients send it (RFC 6749, section 2.3.1). */
function basic ({ id, secret }: { id: string, secret: string }) {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`
}

/** Whether an error is a refusal: it has a `status`, a `code` and `details`. */
export function isRefusal (error: unknown): error is Refusal {
  return error instanceof Refusal
}
