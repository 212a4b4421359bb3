import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Authentication } from '../access/authentication.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import { Refusal } from '../errors.ts'
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

/** What services ask about tokens that they have been sent, and how they end them (RFC 7662, RFC 7009). */
export function createIntrospection ({ commit, authentication, tokens, sessions, audit }: IntrospectionParts) {
  return { introspect, revoke }

  /**
   * What an access token says, if a request with it would be let in here and now; the role is the one that
   * the user has now. Of anything else only that it is not active: why is nobody's business (RFC 7662,
   * section 2.2), and a refresh token is none that a service could accept. While a password change is due
   * or the vendor is suspended, a user gets nothing from others either. Throws `unavailable` while this node may not know.
   */
  async function introspect (token: string) {
    return await unlessRefused(() => describe(token)) ?? { active: false }
  }

  /**
   * Ends the session that a token belongs to, and with it every token of that session. Any authentic
   * token will do, also an expired or a superseded one; whatever else it is, there is nothing to end
   * (RFC 7009, section 2.2). Whoever holds a token may sign out with it at /auth/logout too, so it is a
   * sign-out; the trail names the service. Throws `forbidden` for a service that may not.
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
    const { role, vendorId, vendorIsSuspended, mustChangePassword } = await authentication.authenticate(token)
    if (vendorIsSuspended || mustChangePassword) return null

    const { iss, aud, sub, sid, jti, iat, exp, auth_time: authTime, amr } = tokens.verify(token)
    return { active: true, token_type: 'Bearer', iss, aud, sub, sid, jti, iat, exp, auth_time: authTime, amr, role, ...(vendorId !== null && { vendor_id: vendorId }) }
  }

  // A token whose key this node has not heard of yet is no stranger's before the ring has been read.
  async function sessionOf (token: string): Promise<string | null> {
    const refresh = sessions.read(token)
    if (refresh) return refresh.sessionId

    await unlessRefused(() => tokens.verifyOrReload(token))
    return tokens.readExpired(token)?.claims.sid ?? null
  }
}

/** What the work gives, or null where the token is refused for what it is. */
async function unlessRefused<T> (work: () => T | Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return null
    throw error
  }
}
