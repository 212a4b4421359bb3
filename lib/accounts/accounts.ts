import type { Principal } from '../access/authentication.ts'
import type { ChangeFeed } from '../changes/change-feed.ts'
import type { Caller } from '../http/caller.ts'
import { createConfirmations } from './confirmations.ts'
import type { ConfirmationParts } from './confirmations.ts'
import { createEmailChanges } from './email-changes.ts'
import type { EmailChangeParts } from './email-changes.ts'
import { createErasures } from './erasures.ts'
import type { ErasureParts } from './erasures.ts'
import { createLogins } from '../logins/logins.ts'
import type { LoginParts } from '../logins/logins.ts'
import { createPasswordChanges } from './password-changes.ts'
import type { PasswordChangeParts } from './password-changes.ts'
import { createPasswordRemovals } from './password-removals.ts'
import type { PasswordRemovalParts } from './password-removals.ts'
import { createPasswordResets } from './password-resets.ts'
import type { PasswordResetParts } from './password-resets.ts'
import { createPersonalExports } from './personal-exports.ts'
import type { PersonalExportParts } from './personal-exports.ts'
import { createProfiles } from './profiles.ts'
import type { ProfileParts } from './profiles.ts'
import { createPasskeyLogins } from '../logins/passkey-logins.ts'
import type { PasskeyLoginParts } from '../logins/passkey-logins.ts'
import { createReauthentications } from '../logins/reauthentications.ts'
import type { ReauthenticationParts } from '../logins/reauthentications.ts'
import { createRegistrations } from './registrations.ts'
import type { RegistrationParts } from './registrations.ts'
import { presentSession } from '../sessions/session-view.ts'
import { createSignOuts } from './sign-outs.ts'
import type { SignOutParts } from './sign-outs.ts'
import type { PresentedToken } from '../sessions/presented-token.ts'
import { createSecondSteps } from '../logins/second-steps.ts'

export type Accounts = ReturnType<typeof createAccounts>

export type AccountParts =
  & RegistrationParts
  & ConfirmationParts
  & LoginParts
  & PasskeyLoginParts
  & ReauthenticationParts
  & SignOutParts
  & PasswordChangeParts
  & PasswordRemovalParts
  & PasswordResetParts
  & ProfileParts
  & EmailChangeParts
  & ErasureParts
  & PersonalExportParts
  & { feed: Pick<ChangeFeed, 'assertFresh'> }

/**
 * Everything that users do with their own accounts; each use case has a file of its own. They are listed by name: if
 * they were spread, the second of two with one name would silently replace the first. Registrations are a group of
 * their own, because there is more than one thing to confirm.
 */
export function createAccounts (parts: AccountParts) {
  const { register } = createRegistrations(parts)
  const { confirm, resend } = createConfirmations(parts)
  const { login } = createLogins(parts)
  const { completeLogin, offerSecondFactor } = createSecondSteps(parts)
  const { loginByPasskey, offerLogin } = createPasskeyLogins(parts)
  const { reauthenticate, offerReauthentication } = createReauthentications(parts)
  const { logout, signOut, endSession, signOutEveryone } = createSignOuts(parts)
  const { changePassword } = createPasswordChanges(parts)
  const { removePassword } = createPasswordRemovals(parts)
  const { forgotPassword, resetPassword } = createPasswordResets(parts)
  const { me, updateMe, forget: forgetProfiles } = createProfiles(parts)
  const { changeEmail, requestEmailChange, confirmEmail, undoEmailChange } = createEmailChanges(parts)
  const { exportMe } = createPersonalExports(parts)
  const { eraseMe, erase } = createErasures(parts)

  return {
    registrations: { register, confirm, resend },
    login: ifItCanSign(login),
    offerSecondFactor,
    completeLogin: ifItCanSign(completeLogin),
    offerLogin,
    loginByPasskey: ifItCanSign(loginByPasskey),
    offerReauthentication,
    reauthenticate: ifItCanSign(reauthenticate),
    refresh: ifItCanSign(refresh),
    listSessions,
    logout,
    signOut,
    endSession,
    signOutEveryone,
    changePassword: ifItCanSign(changePassword),
    removePassword,
    forgotPassword,
    resetPassword,
    me,
    updateMe,
    forgetProfiles,
    changeEmail,
    requestEmailChange,
    confirmEmail,
    undoEmailChange,
    exportMe,
    eraseMe,
    erase
  }

  // A use case that ends in tokens is refused before it begins if this node cannot sign. If that were found out at the
  // end, a refresh token would be used up and there would be no new one to answer. It is refused as well while this
  // node would not accept the new tokens, because it may not know what has ended or its clock is wrong, and while the
  // clock of Redis is wrong, by which they are dated.
  function ifItCanSign<A extends unknown[], R> (useCase: (...given: A) => Promise<R>) {
    return async (...given: A): Promise<R> => {
      parts.tokens.assertCanSign()
      parts.feed.assertFresh()
      parts.sessions.assertCanAdvance()
      return await useCase(...given)
    }
  }

  /** New tokens for a refresh token. Throws what `Sessions.refresh` throws. */
  async function refresh (presented: PresentedToken, caller: Caller) {
    return parts.tokenResponses.issue(await parts.sessions.refresh(presented, caller))
  }

  /** The user's living sessions, the one used last first. The session of the request is marked as current. */
  async function listSessions ({ userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>) {
    const living = await parts.sessions.list(userId)
    return { sessions: living.map(session => presentSession(session, sessionId)) }
  }
}
