import { createApplicants } from './applicants.ts'
import type { ApplicantParts } from './applicants.ts'
import { createUnlocking } from './unlocking.ts'
import type { UnlockingParts } from './unlocking.ts'
import { createUserAmendments } from './user-amendments.ts'
import type { UserAmendmentParts } from './user-amendments.ts'
import { createUserSessions } from './user-sessions.ts'
import type { UserSessionParts } from './user-sessions.ts'
import { createUserStatus } from './user-status.ts'
import type { UserStatusParts } from './user-status.ts'
import { createUserUpdates } from './user-updates.ts'
import type { UserUpdateParts } from './user-updates.ts'

type Parts = UserAmendmentParts & UserUpdateParts & ApplicantParts & UserStatusParts & UnlockingParts & UserSessionParts

export type UserAdministrationParts = Omit<Parts, 'amendments' | 'applicants'>

/**
 * The actions of administrators on users. Every action checks that the actor ranks above the user, is one transaction
 * with its audit event, and holds for access tokens that were issued before it.
 */
export function createUserAdministration (given: UserAdministrationParts) {
  const parts = { ...given, amendments: createUserAmendments(given) }
  const applicants = createApplicants(parts)
  const { approve, reject } = applicants
  const { update } = createUserUpdates({ ...parts, applicants })
  const { disable, enable, requirePasswordChange, erase } = createUserStatus(parts)
  const { unlock } = createUnlocking(parts)
  const { listSessions, endSession, signOut } = createUserSessions(parts)

  return {
    update,
    approve,
    reject,
    disable,
    enable,
    requirePasswordChange,
    erase,
    unlock,
    listSessions,
    endSession,
    signOut
  }
}
