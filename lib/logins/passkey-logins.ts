import { obstacleOf } from './logins.ts'
import { isUsedUp } from './second-steps.ts'
import { createSignIns } from './sign-ins.ts'
import type { SessionRequest, SignInParts } from './sign-ins.ts'
import type { Audit } from '../audit/audit.ts'
import { Refusal } from '../errors.ts'
import type { RefusalCode } from '../errors.ts'
import { credentialIdOf, wrongPasskey } from '../factors/passkey-checks.ts'
import type { PasskeyAssertion, PasskeyChecks, PasskeyProof } from '../factors/passkey-checks.ts'
import type { RequestOptions } from '../factors/passkey-options.ts'
import type { OwnedPasskey, PasskeyStore } from '../factors/passkey-store.ts'
import type { Caller } from '../http/caller.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { TokenResponse } from '../sessions/token-responses.ts'
import type { Database } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import { byPasskey } from '../tokens/assurance.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import type { User, UserStore } from '../users/user-store.ts'

export interface PasskeyLoginRequest extends SessionRequest {
  credential: PasskeyAssertion
  /** The only kind of user that the application accepts. */
  userType?: string | undefined
}

export interface PasskeyLoginParts extends SignInParts {
  database: Database
  users: Pick<UserStore, 'find' | 'lockInOrder'>
  deviceTokens: Pick<DeviceTokens, 'read' | 'recognise'>
  passkeys: Pick<PasskeyStore, 'findWithOwner'>
  passkeyChecks: PasskeyChecks
  rateLimits: Pick<RateLimits, 'count'>
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'increment'>
}

/**
 * Signing in with a passkey and nothing else: no name, no password, no hash. It costs a few milliseconds, so it goes on
 * while logins by password are refused for want of room. No bucket of guesses can be locked for it.
 */
export function createPasskeyLogins (parts: PasskeyLoginParts) {
  const { database, deviceTokens, passkeys, passkeyChecks, rateLimits, audit, metrics } = parts
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
  async function find (assertion: PasskeyAssertion, deviceId: string): Promise<OwnedPasskey | null> {
    const credentialId = credentialIdOf(assertion)
    return credentialId && await passkeys.findWithOwner(credentialId, deviceId)
  }

  async function prove (
    request: PasskeyLoginRequest,
    found: OwnedPasskey | null | undefined,
    caller: Caller
  ): Promise<TokenResponse> {
    const expected = {
      find: async (credentialId: Buffer) => {
        return found === undefined ? await passkeys.findWithOwner(credentialId, null) : found
      }
    }
    const proof = await passkeyChecks.check(request.credential, { purpose: 'login', boundTo: null }, expected)
      .catch(async error => {
        if (error instanceof Refusal && error.status === 401) throw await refuse(error.code, null, caller)
        throw error
      })
    const { owner } = proof.passkey
    const obstacle = proof.isComplete ? obstacleOf(owner, request.userType) : 'invalid_credentials'
    if (obstacle) throw await refuse(obstacle, owner, caller)

    return await open(owner, request, proof, caller)
  }

  async function open (
    user: User,
    { transport, deviceName, deviceToken, replaces }: PasskeyLoginRequest,
    { plainUse, spend }: PasskeyProof,
    caller: Caller
  ): Promise<TokenResponse> {
    const response = await signIn(user, { transport, deviceName, deviceToken, replaces }, caller, {
      amr: byPasskey,
      reason: 'passkey',
      passkey: plainUse,
      spend: tx => spend(tx, { subject: user, caller })
    }).catch(async error => {
      if (isUsedUp(error)) throw await refuse('invalid_credentials', user, caller)
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
