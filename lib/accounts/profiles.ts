import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Principal } from '../access/authentication.ts'
import { createBoundedMap } from '../bounded-map.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Revocations } from '../changes/revocations.ts'
import type { User, UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'

export interface ProfileParts {
  commit: UnitsOfWork['commit']
  users: Pick<UserStore, 'find' | 'amend'>
  revocations: Pick<Revocations, 'version'>
  audit: Pick<Audit, 'record'>
  clock: Pick<Clock, 'now'>
}

/** A profile as it was read. */
interface Read { profile: { user: ReturnType<typeof presentUser> }, version: number, readAt: number }

/** So long (ms) a profile is shown from memory: what no version counts, a sign-in elsewhere, is that late at most. */
const shownFor = 60_000
/** At most this many profiles are in memory; the one read longest ago goes. */
const profilesMax = 10_000

/** What users see and change of themselves. */
export function createProfiles ({ commit, users, revocations, audit, clock }: ProfileParts) {
  const known = createBoundedMap<string, Read>(profilesMax)

  return { me, updateMe }

  /** The user who asks: from memory unless the change feed tells of a newer version or this session has just begun. */
  async function me ({ userId, authTime }: Pick<Principal, 'userId' | 'authTime'>) {
    const entry = known.get(userId)
    if (entry && isCurrent(entry, userId, authTime)) return entry.profile

    const readAt = clock.now()
    const user = await users.find(userId)
    if (!user) throw new Refusal('session_ended', { reason: 'account_deleted' })
    return remember(user, readAt)
  }

  // A read that was under way while its user changed has the old version, and is read again.
  function isCurrent ({ version, readAt }: Read, userId: string, authTime: number) {
    const age = clock.now() - readAt
    return version >= revocations.version(userId) && age >= 0 && age < shownFor && readAt >= (authTime + 1) * 1000
  }

  function remember (user: User, readAt: number) {
    const profile = { user: presentUser(user) }
    known.set(user.id, { profile, version: user.version, readAt })
    return profile
  }

  /** Changes the name or the locale; before and after stand in the audit trail. */
  async function updateMe ({ userId, sessionId }: { userId: string, sessionId: string }, change: { fullName?: string | undefined, locale?: string | undefined }, caller: Caller) {
    return await commit(async ({ tx, change: tell }) => {
      const before = await users.find(userId, tx)
      if (!before) throw new Refusal('session_ended', { reason: 'account_deleted' })

      const amended = await users.amend(tx, userId, change, { now: new Date(clock.now()) })
      if (!amended) throw new Refusal('session_ended', { reason: 'account_deleted' })
      await tell({ kind: 'user_changed', subjectId: userId, number: amended.version })
      await audit.record(tx, {
        event: 'user_updated',
        outcome: 'success',
        actorId: userId,
        subject: before,
        sessionId,
        caller,
        personal: { before: { full_name: before.fullName, locale: before.locale }, after: change }
      })
      const after = await users.find(userId, tx)
      return { user: presentUser(after ?? before) }
    })
  }
}
