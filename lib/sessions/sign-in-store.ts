import type { NewEvent } from '../audit/event.ts'
import type { Database, Query } from '../stores/database.ts'
import { devicesMax } from './known-device-store.ts'
import type { NewSession } from './session-store.ts'
import type { Checked } from '../users/user-store.ts'

export type SignInStore = ReturnType<typeof createSignInStore>

/** `sessionsMax` is how many sessions of an account may live. */
export function createSignInStore (db: Database, { sessionsMax }: { sessionsMax: number }) {
  return { signIn }

  /**
   * Opens a session under the epochs that were read with the password's hash, notes the device and the
   * event, and ends the sessions beyond the room, the one unused longest first: one statement, see
   * `sql/014.do.sign-in.sql`. Returns the ids of those, null if the account is no longer what was read.
   *
   * The statement names by itself what it writes: the event `authn_login_success` with its outcome (which is also the
   * context under which `personal` must have been encrypted), the changes `session_ended` with the reason `evicted`,
   * the job `new_device`. What it says must be what `sessions.begin` says; test/lib/sessions/sign-in-store.test.ts
   * holds the two together.
   */
  async function signIn (user: Checked, session: NewSession, { requestId, personal }: Pick<NewEvent, 'requestId' | 'personal'>, query: Query = db): Promise<string[] | null> {
    const [row] = await query<{ evicted: string[] | null }>`
      select sign_in(
        ${user.id}, ${user.sessionEpoch}, ${user.deploymentEpoch},
        ${session.id}, ${session.transport}, ${session.deviceId}, ${session.deviceName}, ${session.userAgent}, ${session.ip}, ${session.amr},
        ${session.now}, ${session.expiresAt}, ${sessionsMax}, ${devicesMax},
        ${requestId}, ${personal}
      ) as evicted`
    return row?.evicted ?? null
  }
}
