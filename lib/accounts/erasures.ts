import type { Caller } from '../http/caller.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal, unavailable } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { EncryptedRecipients } from '../mail/recipients.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { AdministratorStore } from '../access/administrator-store.ts'
import type { Transaction } from '../stores/database.ts'
import type { ErasureStore } from './erasure-store.ts'
import type { User, UserStore } from '../users/user-store.ts'

export interface Erasure {
  userId: string
  /** The user who wants it: the owner, or somebody who may. */
  actorId: string
  reason: 'own_wish' | 'by_administrator'
  /** The session of the request. */
  sessionId: string
  caller: Caller
  /** Throws if the actor may not do it. Called in the transaction, so that nothing can change in between. */
  assertMay?: (tx: Transaction) => Promise<void>
}

export interface ErasureParts {
  commitUnlessNull: UnitsOfWork['commitUnlessNull']
  users: Pick<UserStore, 'find'>
  erasures: ErasureStore
  administrators: Pick<AdministratorStore, 'lock' | 'existsBeside'>
  sessions: Pick<Sessions, 'find' | 'refusalFor' | 'recordEpochRaise'>
  jobs: Pick<Jobs, 'send'>
  recipients: Pick<EncryptedRecipients, 'encrypt'>
  clock: Pick<Clock, 'now'>
}

/** Erasure of accounts: everything personal about one is deleted, or becomes unreadable, in one step. */
export function createErasures (parts: ErasureParts) {
  const { commitUnlessNull, users, erasures, administrators, sessions, jobs, recipients, clock } = parts

  return { eraseMe, erase }

  /**
   * Erases the account of the user who asks.
   * @throws Refusal `session_ended`, also for the second of two requests at once; `last_super_admin`; `unavailable`
   */
  async function eraseMe ({ userId, sessionId }: { userId: string, sessionId: string }, caller: Caller) {
    // Read from the store: a session that has just been ended on another node must not do what cannot be undone.
    await sessions.find(sessionId)
    const isErased = await erase({ userId, actorId: userId, reason: 'own_wish', sessionId, caller })
    if (!isErased) throw await sessions.refusalFor(sessionId)
  }

  /**
   * Erases an account. The caller has made sure that the actor may do it. The rows and ids of the audit trail stay, but
   * what is personal in them can no longer be read.
   * @returns false if there is no such account, or if the user erases their own and the session has ended meanwhile
   * @throws Refusal `last_super_admin`; `unavailable`, also if the account is being changed at this moment; what
   * `assertMay` throws
   */
  async function erase (erasure: Erasure): Promise<boolean> {
    const user = await users.find(erasure.userId)
    if (!user) return false

    let hasSurplus: boolean
    do hasSurplus = await erasures.removeSurplus(user.id, user.emailCanonical, now())
    while (hasSurplus)
    return await commitUnlessNull(unit => eraseWithin(unit, user, erasure)) !== null
  }

  async function eraseWithin (unit: UnitOfWork, before: User, erasure: Erasure): Promise<true | null> {
    const { tx } = unit
    const { id } = before
    const { actorId, reason, sessionId, caller, assertMay } = erasure
    if (before.role === 'super_admin') await administrators.lock(tx)
    const claimIds = await erasures.removeClaims(tx, before.emailCanonical)
    await assertMay?.(tx)

    const user = await lockUnchanged(tx, before)
    if (!user) return null
    const endedIds = await erasures.anonymiseSessions(tx, id, now())
    if (actorId === id && !endedIds.includes(sessionId)) return null
    await erasures.removeJobs(tx, id, claimIds)

    await sessions.recordEpochRaise(unit, {
      user: { id, sessionEpoch: user.sessionEpoch + 1, version: user.version + 1 },
      reason: 'account_deleted',
      event: {
        event: 'user_deleted',
        outcome: 'success',
        reason,
        actorId,
        // Without the key nothing personal is written about a user who no longer exists.
        subject: { id, wrappedKey: null },
        sessionId,
        caller
      }
    })
    await announce(tx, user)
    await erasures.remove(tx, id)
    return true
  }

  /** Locks the account; null if it is gone. What was locked before it depends on its role and its address. */
  async function lockUnchanged (tx: Transaction, { id, role, emailCanonical }: User): Promise<User | null> {
    const user = await erasures.lock(tx, id) ? await users.find(id, tx) : null
    if (!user) return null
    if (user.role !== role || user.emailCanonical !== emailCanonical) {
      throw unavailable(new Error('the account has just been changed'))
    }
    const isAdministrator = role === 'super_admin' && user.status === 'active'
    if (isAdministrator && !await administrators.existsBeside(tx, id)) throw new Refusal('last_super_admin')
    return user
  }

  // The mail also goes to addresses that the account has just left: a thief who has moved an account must not be able
  // to erase it without its owner's knowing.
  async function announce (tx: Transaction, user: User) {
    const left = await erasures.restorableAddresses(tx, user.id, user.emailCanonical, now())
    for (const email of [user.email, ...left]) {
      await jobs.send(tx, 'mail', { kind: 'account_deleted', recipient: recipients.encrypt({ ...user, email }) })
    }
  }

  function now () {
    return new Date(clock.now())
  }
}
