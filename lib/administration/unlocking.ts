import type { Audit, Client } from '../audit/audit.ts'
import type { ChangeFeed } from '../changes/change-feed.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Lockout } from '../throttling/lockout.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { ChangeStore } from '../changes/change-store.ts'
import type { Database } from '../stores/database.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { UserStore } from '../users/user-store.ts'

export type Users = ReturnType<typeof createUsers>

/** What is done to a user by somebody else, whoever it is: whether they may is for the caller to ask. */
export function createUsers ({ database, users, devices, sessions, lockout, changes, audit, feed, clock }: {
  database: Database, users: UserStore, devices: KnownDeviceStore, lockout: Lockout, sessions: Sessions, changes: ChangeStore, audit: Audit, feed: Pick<ChangeFeed, 'publish'>, clock: Clock
}) {
  return { disable, unlock }

  /**
   * Opens the lanes of an account: the strangers' and those of the devices it knows, eleven at most.
   * A session's lane stays as it is: whoever is let in again signs in.
   */
  async function unlock (userId: string, { actorId, client }: { actorId: string, client: Client }) {
    const subject = await users.find(userId)
    if (!subject) throw new Refusal('not_found')

    const known = await devices.list(database, userId)
    // In this order an event may tell of what has failed after it and is tried again, never the other way round.
    await audit.record(database, { event: 'authn_login_unlock', outcome: 'success', actorId, subject, client })
    await lockout.open([lockout.strangersOf(subject.emailCanonical), ...known.map(device => lockout.deviceOf(userId, device))])
  }

  /** Disables an account: no sign-in from here on, and every session of it ends with the same step. */
  async function disable (userId: string, { actorId, client }: { actorId: string, client: Client }) {
    const subject = await users.find(userId)
    if (!subject) throw new Refusal('not_found')

    feed.publish(await database.begin(async tx => {
      const user = await users.disable(tx, userId, new Date(clock.now()))
      if (!user) return []

      const { change } = await sessions.raised(tx, { userId, to: user.sessionEpoch, reason: 'account_disabled', survivor: null })
      const version = await changes.append(tx, { kind: 'user_changed', subjectId: userId, number: user.version })
      await audit.record(tx, { event: 'user_disabled', outcome: 'success', actorId, subject, client })
      return [change, version]
    }))
  }
}
