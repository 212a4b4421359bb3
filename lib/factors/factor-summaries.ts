import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database } from '../stores/database.ts'
import { isInForce } from '../users/factor-policy.ts'
import type { User, UserStore } from '../users/user-store.ts'
import type { Asking } from './factor-changes.ts'
import type { Passkey, PasskeyStore } from './passkey-store.ts'
import type { RecoveryCodeStore } from './recovery-code-store.ts'
import type { TotpSecretStore } from './totp-secret-store.ts'

export interface FactorSummaryParts {
  database: Database
  users: Pick<UserStore, 'find'>
  devices: Pick<KnownDeviceStore, 'countRemembered'>
  sessions: Pick<Sessions, 'find'>
  totpSecrets: Pick<TotpSecretStore, 'findConfirmed'>
  recoveryCodes: Pick<RecoveryCodeStore, 'summarise'>
  passkeys: Pick<PasskeyStore, 'list'>
  clock: Pick<Clock, 'now'>
  /** For how long (ms) a device is remembered; 0 for never. */
  rememberDevice: number
}

export type FactorSummaries = ReturnType<typeof createFactorSummaries>

/** What a user signs in with. */
export function createFactorSummaries (parts: FactorSummaryParts) {
  const { database, users, devices, sessions, totpSecrets, recoveryCodes, passkeys, clock, rememberDevice } = parts

  return { describe, describeOther }

  /** What the user has, without any secret. */
  async function describe ({ sessionId }: Asking) {
    return await summarise(await sessions.find(sessionId))
  }

  /**
   * What another user has, for administrators.
   * @throws Refusal `not_found`
   */
  async function describeOther (userId: string) {
    const user = await users.find(userId)
    if (!user) throw new Refusal('not_found')
    return await summarise(user)
  }

  async function summarise (user: User) {
    const { id, twoStep, factorPolicy, factorPolicyFrom } = user
    const [secret, codes] = [await totpSecrets.findConfirmed(id), await recoveryCodes.summarise(id)]
    const isRequired = isInForce(user, clock.now())
    return {
      password: user.passwordHash !== null,
      two_step: twoStep,
      required: isRequired,
      required_from: factorPolicy === 'optional' || isRequired ? null : factorPolicyFrom.toISOString(),
      remembered_devices: rememberDevice === 0 || isRequired
        ? 0
        : await devices.countRemembered(database, user, new Date(clock.now() - rememberDevice)),
      totp: secret && {
        id: secret.id,
        created_at: secret.createdAt.toISOString(),
        last_used_at: secret.lastUsedAt?.toISOString() ?? null
      },
      passkeys: (await passkeys.list(id)).map(presentPasskey),
      recovery_codes: codes && { left: codes.left, created_at: codes.createdAt.toISOString() }
    }
  }
}

/** A passkey as its owner sees it: never the key. */
export function presentPasskey (passkey: Passkey) {
  const { id, name, createdAt, lastUsedAt, backedUp, userVerified, aaguid } = passkey
  return {
    id,
    name,
    created_at: createdAt.toISOString(),
    last_used_at: lastUsedAt?.toISOString() ?? null,
    backed_up: backedUp,
    user_verified: userVerified,
    aaguid
  }
}
