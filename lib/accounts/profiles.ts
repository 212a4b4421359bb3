import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Principal } from '../access/authentication.ts'
import { createBoundedMap } from '../bounded-map.ts'
import type { UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Revocations } from '../changes/revocations.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { User, UserStore } from '../users/user-store.ts'
import { presentUser } from '../users/user-view.ts'

export interface ProfileParts {
  commit: UnitsOfWork['commit']
  users: Pick<UserStore, 'find' | 'amend'>
  revocations: Pick<Revocations, 'version'>
  audit: Pick<Audit, 'record'>
  rateLimits: Pick<RateLimits, 'count'>
  clock: Pick<Clock, 'now'>
}

/** A profile in memory. `readAt` is in milliseconds since 1970. */
interface CachedProfile { profile: { user: ReturnType<typeof presentUser> }, version: number, readAt: number }

/** What a user may change. What is left out stays. */
export interface ProfileChange { fullName?: string | undefined, locale?: string | undefined }

/**
 * How long a profile is answered from memory. A change that does not raise the version, such as `last_login_at` by a
 * sign-in on another device, appears this late at most.
 */
const cacheTtlMs = 60_000
/** How many profiles are in memory at most. The one that was read longest ago is dropped first. */
const profilesMax = 10_000

/** The profiles of users, which they read and change themselves. */
export function createProfiles ({ commit, users, revocations, audit, rateLimits, clock }: ProfileParts) {
  let known = createBoundedMap<string, CachedProfile>(profilesMax)

  return { me, updateMe, forget }

  /** Forgets all profiles, those that are being read included: the database may have lost what they show. */
  function forget () {
    known = createBoundedMap(profilesMax)
  }

  /**
   * The profile of the user who asks. It comes from memory unless the change feed has reported a newer version, or the
   * session began after it was read.
   * @throws Refusal `session_ended` with `account_deleted`; `unavailable`
   */
  async function me ({ userId, authTime }: Pick<Principal, 'userId' | 'authTime'>) {
    const entry = known.get(userId)
    if (entry && isCurrent(entry, userId, authTime)) return entry.profile

    const [readAt, profiles] = [clock.now(), known]
    const user = await users.find(userId)
    if (!user) throw new Refusal('session_ended', { reason: 'account_deleted' })

    const profile = { user: presentUser(user) }
    profiles.set(userId, { profile, version: user.version, readAt })
    return profile
  }

  // A profile that was being read while the user changed has the old version, so it is read again.
  function isCurrent ({ version, readAt }: CachedProfile, userId: string, authTime: number) {
    const age = clock.now() - readAt
    return version >= revocations.version(userId) && age >= 0 && age < cacheTtlMs && readAt >= (authTime + 1) * 1000
  }

  /**
   * Changes the name or the locale. The audit trail gets the values before and after. If they are what they were,
   * nothing is written.
   * @throws Refusal `rate_limited`; `session_ended` with `account_deleted`; `unavailable`
   */
  async function updateMe (
    { userId, sessionId }: { userId: string, sessionId: string },
    amendment: ProfileChange,
    caller: Caller
  ) {
    return await rateLimits.count({ policy: 'profile', caller, userId }, async () => {
      return await amend({ userId, sessionId }, amendment, caller)
    })
  }

  async function amend (
    { userId, sessionId }: { userId: string, sessionId: string },
    amendment: ProfileChange,
    caller: Caller
  ) {
    return await commit(async ({ tx, change }) => {
      const before = await users.find(userId, tx)
      if (!before) throw new Refusal('session_ended', { reason: 'account_deleted' })
      if (!changes(before, amendment)) return { user: presentUser(before) }

      const amended = await users.amend(tx, userId, amendment, { now: new Date(clock.now()) })
      if (!amended) throw new Refusal('session_ended', { reason: 'account_deleted' })
      await change({ kind: 'user_changed', subjectId: userId, number: amended.version })
      await audit.record(tx, {
        event: 'user_updated',
        outcome: 'success',
        actorId: userId,
        subject: before,
        sessionId,
        caller,
        personal: { before: { full_name: before.fullName, locale: before.locale }, after: amendment }
      })
      const after = await users.find(userId, tx)
      return { user: presentUser(after ?? before) }
    })
  }
}

function changes (before: User, { fullName = before.fullName, locale = before.locale }: ProfileChange) {
  return fullName !== before.fullName || locale !== before.locale
}
