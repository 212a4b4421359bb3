import type { NewEvent } from '../audit/event.ts'
import type { Database, Query } from '../stores/database.ts'
import { devicesMax } from './known-device-store.ts'
import type { NewSession } from './session-store.ts'
import type { UserEpochs } from '../users/user-store.ts'

export type SignInStore = ReturnType<typeof createSignInStore>

/** `sessionsMax` is the greatest number of living sessions of one account. */
export function createSignInStore (db: Database, { sessionsMax }: { sessionsMax: number }) {
  return { signIn }

  /**
   * Begins a session under the epochs that were read with the password's hash, remembers the device, writes the event,
   * and ends the sessions beyond `sessionsMax`, the one unused longest first. All of that is one statement, see
   * `sql/014.do.sign-in.sql`. Returns the ids of the ended sessions, or null if the account has changed since it was
   * read.
   *
   * The statement itself names the rows that it writes: the event `authn_login_success` with its outcome (the name is
   * also the context under which `personal` must have been encrypted), the changes `session_ended` with the reason
   * `evicted`, the job `new_device`. They must agree with `begin` in session-beginnings.ts;
   * test/lib/sessions/sign-in-store.test.ts holds the two together.
   */
  async function signIn (
    user: UserEpochs,
    session: NewSession,
    { requestId, personal }: Pick<NewEvent, 'requestId' | 'personal'>,
    query: Query = db
  ): Promise<string[] | null> {
    const [row] = await query<{ evicted: string[] | null }>`
      select sign_in(
        ${user.id}, ${user.sessionEpoch}, ${user.deploymentEpoch},
        ${session.id}, ${session.transport}, ${session.deviceId}, ${session.deviceName},
        ${session.userAgent}, ${session.ip}, ${session.amr},
        ${session.now}, ${session.expiresAt}, ${sessionsMax}, ${devicesMax},
        ${requestId}, ${personal}
      ) as evicted`
    return row?.evicted ?? null
  }
}
