import type { Principal } from '../access/authentication.ts'
import type { Caller } from '../http/caller.ts'
import { createEmailChanges } from './email-changes.ts'
import type { EmailChangeParts } from './email-changes.ts'
import { createErasures } from './erasures.ts'
import type { ErasureParts } from './erasures.ts'
import { createLogins } from './logins.ts'
import type { LoginParts } from './logins.ts'
import { createPasswordChanges } from './password-changes.ts'
import type { PasswordChangeParts } from './password-changes.ts'
import { createPasswordResets } from './password-resets.ts'
import type { PasswordResetParts } from './password-resets.ts'
import { createPersonalExports } from './personal-exports.ts'
import type { PersonalExportParts } from './personal-exports.ts'
import { createProfiles } from './profiles.ts'
import type { ProfileParts } from './profiles.ts'
import { createRegistrations } from './registrations.ts'
import type { RegistrationParts } from './registrations.ts'
import { presentSession } from '../sessions/session-view.ts'
import { createSignOuts } from './sign-outs.ts'
import type { SignOutParts } from './sign-outs.ts'
import type { PresentedToken } from '../sessions/presented-token.ts'

export type Accounts = ReturnType<typeof createAccounts>

export type AccountParts =
  & RegistrationParts
  & LoginParts
  & SignOutParts
  & PasswordChangeParts
  & PasswordResetParts
  & ProfileParts
  & EmailChangeParts
  & ErasureParts
  & PersonalExportParts

/**
 * Everything that people do with their own accounts; each use case stands in a file of its own. They are named one by
 * one: of two with one name the second would take the place of the first, which does not compile this way. Signing up
 * keeps a name of its own, because there is more than one thing to confirm.
 */
export function createAccounts (parts: AccountParts) {
  const { login, reauthenticate } = createLogins(parts)
  const { logout, signOut, endSession, signOutEveryone } = createSignOuts(parts)
  const { changePassword } = createPasswordChanges(parts)
  const { forgotPassword, resetPassword } = createPasswordResets(parts)
  const { me, updateMe } = createProfiles(parts)
  const { changeEmail, requestEmailChange, confirmEmail, undoEmailChange } = createEmailChanges(parts)
  const { exportMe } = createPersonalExports(parts)
  const { eraseMe, erase } = createErasures(parts)

  return {
    registrations: createRegistrations(parts),
    login: ifItCanSign(login),
    reauthenticate: ifItCanSign(reauthenticate),
    refresh: ifItCanSign(refresh),
    listSessions,
    logout,
    signOut,
    endSession,
    signOutEveryone,
    changePassword: ifItCanSign(changePassword),
    forgotPassword,
    resetPassword,
    me,
    updateMe,
    changeEmail,
    requestEmailChange,
    confirmEmail,
    undoEmailChange,
    exportMe,
    eraseMe,
    erase
  }

  // Whatever ends in tokens is refused before it begins where this node cannot sign: found out at the
  // end, it would have used up a refresh token and have nothing to give for it.
  function ifItCanSign<A extends unknown[], R> (useCase: (...given: A) => Promise<R>) {
    return async (...given: A): Promise<R> => {
      parts.tokens.assertCanSign()
      return await useCase(...given)
    }
  }

  /** New tokens for a refresh token; see `Sessions.refresh` for what is refused. */
  async function refresh (presented: PresentedToken, caller: Caller) {
    return parts.tokenResponses.issue(await parts.sessions.refresh(presented, caller))
  }

  /** The user's living sessions, the one used last first, and which of them asks. */
  async function listSessions ({ userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>) {
    const living = await parts.sessions.list(userId)
    return { sessions: living.map(session => presentSession(session, sessionId)) }
  }
}
