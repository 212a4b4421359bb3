import type { Audit, Client } from './audit.ts'
import type { Clock } from './clock.ts'
import { Refusal } from './errors.ts'
import type { Database } from './stores/database.ts'
import type { UserStore } from './stores/users.ts'
import { presentUser } from './user-view.ts'

/** What users see and change of themselves. */
export function createProfiles ({ database, users, audit, clock }: { database: Database, users: UserStore, audit: Audit, clock: Clock }) {
  return { me, updateMe }

  async function me (userId: string) {
    const user = await users.find(userId)
    if (!user) throw new Refusal('session_ended', { reason: 'account_deleted' })
    return { user: presentUser(user) }
  }

  /** Changes the name or the locale; before and after stand in the audit trail. */
  async function updateMe ({ userId, sessionId }: { userId: string, sessionId: string }, change: { fullName?: string | undefined, locale?: string | undefined }, client: Client) {
    return await database.begin(async tx => {
      const before = await users.find(userId, tx)
      if (!before) throw new Refusal('session_ended', { reason: 'account_deleted' })

      await users.update(tx, userId, change, new Date(clock.now()))
      await audit.record(tx, {
        event: 'user_updated',
        outcome: 'success',
        actorId: userId,
        subject: before,
        sessionId,
        client,
        personal: { before: { full_name: before.fullName, locale: before.locale }, after: change }
      })
      const after = await users.find(userId, tx)
      return { user: presentUser(after ?? before) }
    })
  }
}
