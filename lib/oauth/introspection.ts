import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Authentication } from '../access/authentication.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal, unlessRefused } from '../errors.ts'
import type { Service } from './services.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Tokens } from '../tokens/access-tokens.ts'

export interface IntrospectionParts {
  commit: UnitsOfWork['commit']
  authentication: Pick<Authentication, 'authenticate'>
  tokens: Tokens
  sessions: Pick<Sessions, 'read' | 'findAlive' | 'end'>
  audit: Audit
}

export type Introspection = ReturnType<typeof createIntrospection>

/** Introspection (RFC 7662) and revocation (RFC 7009), for services that have received tokens. */
export function createIntrospection ({ commit, authentication, tokens, sessions, audit }: IntrospectionParts) {
  return { introspect, revoke }

  /**
   * The claims of an access token if this API would accept it now, with the user's present role. Every other token is
   * answered as not active, without the reason (RFC 7662, section 2.2). That includes refresh tokens, because a service
   * could not accept one. While a password change or a second factor is due, or the vendor is suspended, the user's
   * tokens are not active for services either.
   * @throws Refusal `unavailable` while this node may not know of sessions that have ended
   */
  async function introspect (token: string) {
    return await unlessRefused(() => describe(token)) ?? { active: false }
  }

  /**
   * Ends the session of a token, and with it every token of that session. The token has to be authentic, but may have
   * expired or been superseded. For any other token there is nothing to end, which is no error (RFC 7009, section 2.2).
   * The end counts as a sign-out, because a holder of the token could also sign out at /auth/logout; the audit event
   * names the service.
   * @throws Refusal `forbidden` if the service may not revoke tokens
   */
  async function revoke (token: string, service: Service, caller: Caller) {
    if (!service.mayRevoke) throw new Refusal('forbidden')

    const sessionId = await sessionOf(token)
    const state = sessionId === null ? null : await sessions.findAlive(sessionId)
    if (!state) return

    await commit(async unit => {
      if (!await sessions.end(unit, state.sessionId, 'signed_out')) return
      await audit.record(unit.tx, {
        event: 'session_ended',
        outcome: 'success',
        reason: 'signed_out',
        actorId: service.id,
        subject: state,
        sessionId: state.sessionId,
        caller
      })
    })
  }

  async function describe (token: string) {
    const principal = await authentication.authenticate(token)
    const { role, vendorId, vendorIsSuspended, mustChangePassword, mustEnrollSecondFactor, owedAcr } = principal
    if (vendorIsSuspended || mustChangePassword || mustEnrollSecondFactor || owedAcr !== null) return null

    const { iss, aud, sub, sid, jti, iat, exp, auth_time: authTime, amr, acr } = tokens.verify(token)
    return {
      active: true,
      token_type: 'Bearer',
      iss,
      aud,
      sub,
      sid,
      jti,
      iat,
      exp,
      auth_time: authTime,
      amr,
      ...(acr !== undefined && { acr }),
      role,
      ...(vendorId !== null && { vendor_id: vendorId })
    }
  }

  // If this node does not know the key of an access token, it reads the key ring before it rejects the token.
  async function sessionOf (token: string): Promise<string | null> {
    const refresh = sessions.read(token)
    if (refresh) return refresh.sessionId

    await unlessRefused(() => tokens.verifyOrReload(token))
    return tokens.readExpired(token)?.claims.sid ?? null
  }
}
