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
  /** Who wants it: the person, or somebody who may. */
  actorId: string
  reason: 'own_wish' | 'by_administrator'
  /** The session that asks. */
  sessionId: string
  caller: Caller
  /** Throws where the actor may not; asked in the transaction, so that nothing comes in between. */
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

/** Goodbye: an account and everything personal about it goes, or becomes unreadable, in one step. */
export function createErasures ({ commitUnlessNull, users, erasures, administrators, sessions, jobs, recipients, clock }: ErasureParts) {
  return { eraseMe, erase }

  /**
   * Erases the account of who asks. Throws `session_ended`, also for the second of two at once, and
   * `last_super_admin`.
   */
  async function eraseMe ({ userId, sessionId }: { userId: string, sessionId: string }, caller: Caller) {
    // Asked of the store: what has just been ended elsewhere must not do what nothing undoes.
    await sessions.find(sessionId)
    const isErased = await erase({ userId, actorId: userId, reason: 'own_wish', sessionId, caller })
    if (!isErased) throw await sessions.refusalFor(sessionId)
  }

  /**
   * Erases an account; whoever calls has made sure that the actor may. The audit trail keeps its rows and
   * ids, what is personal in them can no longer be read. False if there is no such account, or its own
   * session that asks has ended meanwhile.
   * @throws Refusal `last_super_admin`; `unavailable`, also where the account is being changed right now
   */
  async function erase (erasure: Erasure): Promise<boolean> {
    const user = await users.find(erasure.userId)
    if (!user) return false

    for (let isLong = true; isLong;) isLong = await erasures.thin(user.id, user.emailCanonical, new Date(clock.now()))
    return await commitUnlessNull(unit => eraseWithin(unit, user, erasure)) !== null
  }

  async function eraseWithin (unit: UnitOfWork, before: User, { actorId, reason, sessionId, caller, assertMay }: Erasure): Promise<true | null> {
    const { tx } = unit
    const { id, role, emailCanonical } = before
    if (role === 'super_admin') await administrators.lock(tx)
    const claims = await erasures.removeClaims(tx, emailCanonical)
    await assertMay?.(tx)

    const user = await erasures.lock(tx, id) ? await users.find(id, tx) : null
    if (!user) return null
    if (user.role !== role || user.emailCanonical !== emailCanonical) throw unavailable(new Error('the account has just been changed'))
    if (role === 'super_admin' && user.status === 'active' && !await administrators.existsBeside(tx, id)) throw new Refusal('last_super_admin')

    const lived = await erasures.strip(tx, id, new Date(clock.now()))
    if (actorId === id && !lived.includes(sessionId)) return null
    await erasures.removeJobs(tx, id, claims)

    await sessions.recordEpochRaise(unit, {
      user: { id, sessionEpoch: user.sessionEpoch + 1, version: user.version + 1 },
      reason: 'account_deleted',
      // Without its key nothing personal is written about who is no longer there.
      event: { event: 'user_deleted', outcome: 'success', reason, actorId, subject: { id, wrappedKey: null }, sessionId, caller }
    })
    // Whoever moved somebody's account before they erased it must not do it in silence.
    for (const email of [user.email, ...await erasures.addressesLeft(tx, id, emailCanonical, new Date(clock.now()))]) {
      await jobs.send(tx, 'mail', { kind: 'account_deleted', recipient: recipients.encrypt({ ...user, email }) })
    }
    await erasures.remove(tx, id)
    return true
  }
}
