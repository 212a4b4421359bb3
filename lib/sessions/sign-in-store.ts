import type { NewEvent } from '../audit/event.ts'
import type { Database, Query } from '../stores/database.ts'
import { devicesMax } from './known-device-store.ts'
import type { NewSession } from './session-store.ts'
import type { UserEpochs } from '../users/user-store.ts'

/** What a sign-in rests on, or leaves behind, besides its proof. */
export interface SignInMarks {
  /** The id of the reset of second factors that opens the session. */
  factorReset?: string
  /** The device is not asked for the second factor from now on. */
  remembers?: boolean
  /** Since when the device must have been remembered for the password alone to do. */
  rememberedSince?: Date
  /** When it was: this is the session's `auth_time`, because the user proved both factors then. */
  rememberedAt?: Date
  /** The use of a passkey, if the passkey is just as it was read: it is recorded in the same statement. */
  passkey?: PlainPasskeyUse
}

/** What is recorded of a passkey's use that shows nothing unusual: its counter has risen, or it has none. */
export interface PlainPasskeyUse {
  id: string
  signCountBefore: number
  signCount: number
  /** As before. */
  backupEligible: boolean
  backedUp: boolean
  /** The challenge that was answered, by the part of it that no other has. */
  challenge: { nonce: Buffer, expiresAt: Date }
}

export type SignInStore = ReturnType<typeof createSignInStore>

/** `sessionsMax` is the greatest number of living sessions of one account. */
export function createSignInStore (db: Database, { sessionsMax }: { sessionsMax: number }) {
  return { signIn }

  /**
   * Begins a session under the epochs that were read with the password's hash, remembers the device, writes the event,
   * and ends the sessions beyond `sessionsMax`, the one unused longest first. All of that is one statement, see
   * `sql/034.do.remembered-devices.sql`, and with a passkey `sql/035.do.sign-in-by-passkey.sql`. Returns the ids of the
   * ended sessions, or null if the account has changed since it was read, or demands two steps while `amr` does not say
   * that both were proved and no mark stands in for that. With a passkey, null also means that its challenge has been
   * answered, or that it is no longer what was read. Then nothing is written.
   *
   * The statement itself names the rows that it writes: the event `authn_login_success` with its outcome (the name is
   * also the context under which `personal` must have been encrypted), the changes `session_ended` with the reason
   * `evicted`, the job `new_device`. They must agree with `begin` in session-beginnings.ts;
   * test/lib/sessions/sign-in-store.test.ts holds the two together. The MAC and the reason of the event, and the marks,
   * are handed over in settings of the transaction, because the function keeps the parameters that nodes of older
   * versions pass.
   */
  async function signIn (
    user: UserEpochs,
    session: NewSession,
    { requestId, personal, reason, mac }: Pick<NewEvent, 'requestId' | 'personal' | 'reason' | 'mac'>,
    query: Query = db,
    { factorReset, remembers, rememberedSince, passkey }: SignInMarks = {}
  ): Promise<string[] | null> {
    const { fragment } = query
    const common = fragment`
        ${user.id}, ${user.sessionEpoch}, ${user.deploymentEpoch},
        ${session.id}, ${session.transport}, ${session.deviceId}, ${session.deviceName},
        ${session.userAgent}, ${session.ip}, ${session.amr},
        ${session.now}, ${session.expiresAt}, ${sessionsMax}, ${devicesMax},
        ${requestId}, ${personal}`
    const call = passkey
      ? fragment`sign_in_by_passkey(${common},
        ${passkey.id}, ${passkey.signCountBefore}, ${passkey.signCount}, ${passkey.backupEligible}, ${passkey.backedUp},
        ${passkey.challenge.nonce}, ${passkey.challenge.expiresAt}
      )`
      : fragment`sign_in(${common}
      )`
    const [row] = await query<{ evicted: string[] | null }>`
      with handed_over as materialized (
        select set_config('latchkey.audit_mac', ${mac.toString('hex')}, true),
               set_config('latchkey.audit_reason', ${reason ?? ''}, true),
               set_config('latchkey.factor_reset', ${factorReset ?? ''}, true),
               set_config('latchkey.remember_device', ${remembers ? 'on' : ''}, true),
               set_config('latchkey.remembered_since', ${rememberedSince?.toISOString() ?? ''}, true)
      )
      select ${call} as evicted
      from handed_over`.catch(noneIfChanged)
    return row?.evicted ?? null
  }
}

/** The account was found changed when the passkey had been used already: the error has undone that. */
function noneIfChanged (error: unknown): [] {
  if (error instanceof Error && 'code' in error && error.code === 'LK001') return []
  throw error
}
