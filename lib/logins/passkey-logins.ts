import { obstacleOf } from './logins.ts'
import { isWrong } from './second-steps.ts'
import { createSignIns } from './sign-ins.ts'
import type { SessionRequest, SignInParts } from './sign-ins.ts'
import type { Audit } from '../audit/audit.ts'
import { Refusal } from '../errors.ts'
import type { RefusalCode } from '../errors.ts'
import { wrongPasskey } from '../factors/passkey-checks.ts'
import type { PasskeyAssertion, PasskeyChecks, PasskeyProof } from '../factors/passkey-checks.ts'
import type { RequestOptions } from '../factors/passkey-options.ts'
import type { FoundPasskey, PasskeyStore } from '../factors/passkey-store.ts'
import type { Caller } from '../http/caller.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { TokenResponse } from '../sessions/token-responses.ts'
import type { Database } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import { byPasskey } from '../tokens/assurance.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import type { User, UserStore } from '../users/user-store.ts'
import { bytesOf } from '../webauthn/base64url.ts'

export interface PasskeyLoginRequest extends SessionRequest {
  credential: PasskeyAssertion
  /** The only kind of user that the application accepts. */
  userType?: string | undefined
}

export interface PasskeyLoginParts extends SignInParts {
  database: Database
  users: Pick<UserStore, 'find' | 'lockInOrder'>
  deviceTokens: Pick<DeviceTokens, 'read' | 'recognise'>
  passkeys: Pick<PasskeyStore, 'findByCredential'>
  passkeyChecks: PasskeyChecks
  rateLimits: Pick<RateLimits, 'count'>
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'increment'>
}

/** The most bytes of a credential id. */
const idBytesMax = 1023

/**
 * Signing in with a passkey and nothing else: no name, no password, no hash. It costs a few milliseconds, so it goes on
 * while logins by password are refused for want of room. No bucket of guesses can be locked for it.
 */
export function createPasskeyLogins (parts: PasskeyLoginParts) {
  const { database, users, deviceTokens, passkeys, passkeyChecks, rateLimits, audit, metrics } = parts
  const { signIn } = createSignIns(parts)

  return { offerLogin, loginByPasskey }

  /** What a browser needs to offer the passkeys that it has. It is alike for everybody, and no store is asked. */
  function offerLogin (): RequestOptions {
    return passkeyChecks.offer({ purpose: 'login', boundTo: null }, [])
  }

  /**
   * Opens a session for the account whose passkey has signed. Obstacles are told only after a good signature.
   * @throws Refusal `rate_limited`; `passkey_unknown` for a credential that no account has; `invalid_credentials` for
   * anything else that is wrong with it, also if it has not verified its user; with a right one `account_disabled`,
   * `approval_pending`, `approval_rejected`, `vendor_suspended` or `wrong_user_type`; `unavailable`
   */
  async function loginByPasskey (request: PasskeyLoginRequest, caller: Caller): Promise<TokenResponse> {
    const deviceId = request.deviceToken === undefined ? null : deviceTokens.read(request.deviceToken)
    const found = deviceId === null ? undefined : await find(request.credential, deviceId)
    const counted = { policy: 'login', caller, deviceId: found?.isDeviceKnown ? deviceId : null } as const
    return await rateLimits.count(counted, () => prove(request, found, caller))
  }

  /** The passkey, and whether its account knows the device: then the device is counted by itself. */
  async function find ({ id }: PasskeyAssertion, deviceId: string): Promise<FoundPasskey | null> {
    const credentialId = bytesOf(id, idBytesMax)
    return credentialId && await passkeys.findByCredential(credentialId, deviceId)
  }

  async function prove (
    request: PasskeyLoginRequest,
    found: FoundPasskey | null | undefined,
    caller: Caller
  ): Promise<TokenResponse> {
    const proof = await passkeyChecks.check(request.credential, { purpose: 'login', boundTo: null }, { found })
      .catch(async error => {
        if (error instanceof Refusal && error.status === 401) throw await refuse(error.code, null, caller)
        throw error
      })
    const user = await users.find(proof.passkey.userId)
    if (!user || !proof.isComplete) throw await refuse('invalid_credentials', user, caller)
    const obstacle = obstacleOf(user, request.userType)
    if (obstacle) throw await refuse(obstacle, user, caller)

    return await open(user, request, proof, caller)
  }

  async function open (
    user: User,
    { transport, deviceName, deviceToken, replaces }: PasskeyLoginRequest,
    { spend }: PasskeyProof,
    caller: Caller
  ): Promise<TokenResponse> {
    const response = await signIn(user, { transport, deviceName, deviceToken, replaces }, caller, {
      amr: byPasskey,
      reason: 'passkey',
      spend: tx => spend(tx, { subject: user, caller })
    }).catch(async error => {
      if (isWrong(error)) throw await refuse('invalid_credentials', user, caller)
      throw error
    })
    if (!response) throw await refuse('invalid_credentials', user, caller)
    return response
  }

  async function refuse (code: RefusalCode, user: User | null, caller: Caller): Promise<Refusal> {
    const reason = code === 'invalid_credentials' ? 'passkey' : code
    await audit.record(database, { event: 'authn_login_fail', outcome: 'failure', reason, subject: user, caller })
    metrics.increment('sign_ins', { outcome: code })
    return code === 'invalid_credentials' ? wrongPasskey() : new Refusal(code)
  }
}
