import fp from 'fastify-plugin'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Principal } from '../../lib/access/authentication.ts'
import { assertFactorPolicy } from '../../lib/access/step-up.ts'
import { Refusal } from '../../lib/errors.ts'
import type { RefusalCode } from '../../lib/errors.ts'
import { refusing } from '../../lib/http/refusal-lists.ts'
import type { Refusing } from '../../lib/http/refusal-lists.ts'

/** States of an account that most routes refuse: a password change or a factor is due, its vendor is suspended. */
export type LimitedState = 'password_due' | 'factor_due' | 'vendor_suspended'

export interface SessionGuardOptions { allow?: LimitedState[] }

declare module 'fastify' {
  interface FastifyInstance {
    /** Makes a guard for a context of signed-in routes. `allow` opens them to accounts in these states too. */
    readonly requireSession: (options?: SessionGuardOptions) => onRequestHookHandler & Refusing
  }
}

export default fp(async function provideSessionGuard (app) {
  // Most requests are authenticated from this node's memory alone, without a promise.
  app.decorate('requireSession', options => refusing<onRequestHookHandler>(function requireSession (request, _reply, done) {
    let pending: void | Promise<void>
    try {
      pending = authenticate(request, options)
    } catch (error) {
      return done(error instanceof Error ? error : new Error(String(error)))
    }

    if (pending) pending.then(() => done(), done)
    else done()
  }, ...refusalsOfTokens, ...refusalsUnless(options)))

  /**
   * Authenticates a request by its access token and sets `request.principal`. Returns a promise only where a store
   * has to be read.
   * @throws Refusal unauthenticated, vendor_suspended, password_change_required,
   * second_factor_enrollment_required, reauthentication_required, or what the token is refused with
   */
  function authenticate (request: FastifyRequest, { allow = [] }: SessionGuardOptions = {}): void | Promise<void> {
    // A request with an Authorization header is judged by it alone; its cookies are not looked at.
    const token = request.bearerToken ?? request.cookiesCarried.access
    if (token === undefined) throw new Refusal('unauthenticated')

    const principal = app.authentication.authenticate(token)
    return principal instanceof Promise ? principal.then(admit) : admit(principal)

    function admit (principal: Principal) {
      if (principal.vendorIsSuspended && !allow.includes('vendor_suspended')) throw new Refusal('vendor_suspended')
      // A session that the link of a reset has opened cannot change the password before it has a factor.
      const mayEnroll = principal.mustEnrollSecondFactor && allow.includes('factor_due')
      if (principal.mustChangePassword && !mayEnroll && !allow.includes('password_due')) {
        throw new Refusal('password_change_required')
      }
      if (!allow.includes('factor_due')) assertFactorPolicy(principal)
      request.principal = principal
    }
  }
}, { name: 'require-session', dependencies: ['http', 'access'] })

/** What an access token is refused with, in whichever state its account is. */
const refusalsOfTokens = ['unauthenticated', 'invalid_token', 'session_ended', 'unavailable'] as const

/** What each state of an account is refused with. */
const refusalsByState: Record<LimitedState, RefusalCode[]> = {
  vendor_suspended: ['vendor_suspended'],
  password_due: ['password_change_required'],
  factor_due: ['second_factor_enrollment_required', 'reauthentication_required']
}

function refusalsUnless ({ allow = [] }: SessionGuardOptions = {}): RefusalCode[] {
  const states: LimitedState[] = ['vendor_suspended', 'password_due', 'factor_due']
  return states.filter(state => !allow.includes(state)).flatMap(state => refusalsByState[state])
}
