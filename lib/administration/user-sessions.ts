import type { Actor } from '../access/authentication.ts'
import type { Audit } from '../audit/audit.ts'
import { Refusal } from '../errors.ts'
import { presentSession } from '../sessions/session-view.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { AdminAction, AdminActions } from './admin-actions.ts'
import type { UserAmendments } from './user-amendments.ts'

export interface UserSessionParts {
  actions: Pick<AdminActions, 'perform'>
  amendments: UserAmendments
  sessions: Pick<Sessions, 'end' | 'peek' | 'list'>
  audit: Pick<Audit, 'record'>
}

/** The sessions of a user, for administrators. */
export function createUserSessions ({ actions, amendments, sessions, audit }: UserSessionParts) {
  return { listSessions, endSession, signOut }

  /** Lists the sessions of a user. They tell where the user is, so the actor has to rank above the user here too. */
  async function listSessions (userId: string, by: Actor) {
    await actions.perform(userId, by)
    const living = await sessions.list(userId)
    return { sessions: living.map(session => presentSession(session, by.principal.sessionId)) }
  }

  /**
   * Ends one session of a user. A session that has ended already is no error.
   * @throws Refusal `not_found`, also for a session of another user
   */
  async function endSession (userId: string, sessionId: string, by: Actor) {
    await actions.perform(userId, by, async action => {
      const state = await sessions.peek(sessionId, action.tx)
      if (state?.id !== userId) throw new Refusal('not_found')
      if (await sessions.end(action, sessionId, 'revoked_by_admin')) await recordEnd(action, sessionId)
    })
  }

  async function recordEnd ({ tx, auditFields }: AdminAction, sessionId: string) {
    await audit.record(tx, { ...auditFields, event: 'session_ended', reason: 'revoked_by_admin', sessionId })
  }

  /** Ends every session of a user. */
  async function signOut (userId: string, by: Actor) {
    await actions.perform(userId, by, async action => {
      const reason = 'revoked_by_admin'
      await amendments.amend(action, {}, { event: 'sessions_ended', reason, endsBy: reason })
    })
  }
}
