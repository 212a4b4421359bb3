import { createSignIns } from './sign-ins.ts'
import type { SessionRequest, SignInParts } from './sign-ins.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { PasskeyChecks } from '../factors/passkey-checks.ts'
import type { RequestOptions } from '../factors/passkey-options.ts'
import type { PasskeyStore } from '../factors/passkey-store.ts'
import { wrongFactor } from '../factors/second-factor-checks.ts'
import type { SecondFactor, SecondFactorChecks } from '../factors/second-factor-checks.ts'
import type { Caller } from '../http/caller.ts'
import type { CarriedCookies } from '../http/token-cookies.ts'
import type { KnownDevice, KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { TokenResponse } from '../sessions/token-responses.ts'
import type { Database } from '../stores/database.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { DeviceTokens } from '../tokens/device-tokens.ts'
import { acrValuesFrom, byPassword } from '../tokens/assurance.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import { pendingSeconds } from '../tokens/pending-logins.ts'
import type { PendingLogin, PendingLogins } from '../tokens/pending-logins.ts'
import type { User } from '../users/user-store.ts'
import type { RememberedDevices } from './remembered-devices.ts'

/** The second step of a sign-in: the token of the first one in the body or in a cookie, and what the user enters. */
export interface SecondStep extends Pick<SessionRequest, 'deviceName'> {
  token: string | undefined
  carried: CarriedCookies
  /** A second factor, or the token of a link that resets them. */
  factor: SecondFactor | { resetToken: string }
  /** Whether the device is not to be asked for the second factor again for a while. */
  remembers?: boolean
}

type Completion = SecondStep & Pick<SessionRequest, 'transport' | 'replaces'> & { boundTo: string }

export interface SecondStepParts extends SignInParts {
  database: Database
  devices: Pick<KnownDeviceStore, 'find'>
  deviceTokens: Pick<DeviceTokens, 'recognise' | 'issue'>
  pendingLogins: PendingLogins
  factorChecks: SecondFactorChecks
  passkeys: Pick<PasskeyStore, 'list'>
  passkeyChecks: Pick<PasskeyChecks, 'offer'>
  remembered: RememberedDevices
  oneTimeTokens: Pick<OneTimeTokens, 'find'>
  clock: Pick<Clock, 'now'>
  rateLimits: Pick<RateLimits, 'count'>
  audit: Pick<Audit, 'record'>
}

/** Signing in to an account with two steps, after the password. */
export function createSecondSteps (parts: SecondStepParts) {
  const { database, users, devices, deviceTokens, pendingLogins, factorChecks, remembered, oneTimeTokens } = parts
  const { passkeys, passkeyChecks, rateLimits, audit, metrics } = parts
  const { signInByTwo } = createSignIns(parts)

  return { demand, offerSecondFactor, completeLogin }

  /**
   * The refusal of a right password that needs a second factor. No session begins, and the account does not come to
   * know the device.
   * @param owner the account as it was read with its password hash
   * @param pending `holderId` is the device that signs in, for a reauthentication the session
   */
  async function demand (
    owner: User,
    pending: Pick<PendingLogin, 'purpose' | 'transport' | 'holderId'>,
    caller: Caller
  ): Promise<Refusal> {
    const methods = await factorChecks.methodsOf(owner.id)
    await audit.record(database, {
      event: 'authn_second_factor_required', outcome: 'success', reason: pending.purpose, subject: owner, caller
    })
    metrics.increment('sign_ins', { outcome: 'mfa_required' })
    const { id: userId, sessionEpoch: userEpoch, deploymentEpoch: globalEpoch } = owner
    const token = pendingLogins.issue({ ...pending, userId, userEpoch, globalEpoch, proved: 'password' })
    return mfaRequired({ methods, pending: { token, transport: pending.transport, expiresIn: pendingSeconds } })
  }

  /**
   * What a browser needs to prove a passkey as the second step. The challenge is bound to the first step.
   * @throws Refusal as `completeLogin` does for the token of the first step; `not_found` for an account without one
   */
  async function offerSecondFactor (step: Pick<SecondStep, 'token' | 'carried'>): Promise<RequestOptions> {
    const { token, transport } = firstStepOf(step)
    const pending = pendingLogins.read(token, { purpose: 'login', transport })
    const owner = pending && await users.find(pending.userId)
    if (!pending || !owner || !mayGoOn(owner, pending)) throw isOver()

    const allowed = await passkeys.list(owner.id)
    if (allowed.length === 0) throw new Refusal('not_found')
    return passkeyChecks.offer({ purpose: 'second_factor', boundTo: token }, allowed)
  }

  /**
   * Opens the session that a right password has been waiting for. A browser's session ends the one that it replaces.
   * @throws Refusal `malformed_request` for two tokens, `invalid_request` for none; `token_invalid` if the first step
   * is over: too old, of another transport, or the account has changed since; `rate_limited`; `invalid_credentials`;
   * `passkey_unknown`; `too_many_attempts`; `overloaded`; `unavailable`
   */
  async function completeLogin (step: SecondStep, caller: Caller): Promise<TokenResponse> {
    const { token, ...first } = firstStepOf(step)
    const pending = pendingLogins.read(token, { purpose: 'login', transport: first.transport })
    if (!pending) throw isOver()

    const device = await devices.find(database, pending.userId, pending.holderId)
    const known = device?.secondFactorAt ? device : null
    return await rateLimits.count({ policy: 'second-factor', caller, deviceId: known?.deviceId ?? null }, async () => {
      return await complete({ ...step, ...first, boundTo: token }, pending, known, caller)
    })
  }

  async function complete (
    { factor, boundTo, transport, deviceName, replaces, remembers = false }: Completion,
    pending: PendingLogin,
    known: KnownDevice | null,
    caller: Caller
  ): Promise<TokenResponse> {
    const owner = await users.find(pending.userId)
    if (!owner || !mayGoOn(owner, pending)) throw isOver()

    const deviceToken = deviceTokens.issue(pending.holderId)
    const request = { transport, deviceName, deviceToken, replaces }
    if ('resetToken' in factor) return await signInToEnroll(owner, request, factor.resetToken, caller)

    const claim = { factor, owner, holder: known ?? 'strangers' as const, boundTo, caller }
    const { method, amr, spend } = await factorChecks.check(claim)
    const marks = { remembers: remembers && remembered.mayRemember(owner) }
    const response = await signInByTwo(owner, request, { amr, reason: method, spend, marks }, caller)
      .catch(async error => {
        if (isUsedUp(error)) await factorChecks.noteUsedUp(claim, method)
        throw error
      })
    if (!response) throw isOver()
    return response
  }

  /**
   * Opens a session that may do nothing but add a factor, by the password and the link of a reset. The link can be used
   * until a factor has been added; it is no factor itself.
   */
  async function signInToEnroll (owner: User, request: SessionRequest, token: string, caller: Caller) {
    const reset = await oneTimeTokens.find(token, 'second_factor_reset').catch(error => {
      if (error instanceof Refusal && error.code === 'token_invalid') return null
      throw error
    })
    if (reset?.userId !== owner.id) throw await refuseLink(owner, caller)

    const proof = { amr: byPassword, reason: 'second_factor_reset', marks: { factorReset: reset.id } }
    const response = await signInByTwo(owner, request, proof, caller)
    if (!response) throw isOver()
    return response
  }

  async function refuseLink (subject: User, caller: Caller): Promise<Refusal> {
    const reason = 'second_factor_reset'
    await audit.record(database, { event: 'authn_login_fail', outcome: 'failure', reason, subject, caller })
    metrics.increment('sign_ins', { outcome: 'invalid_credentials' })
    return wrongFactor()
  }
}

/** The token of the first step and how it came; in a browser also the session that the new one replaces. */
function firstStepOf ({ token, carried: { mfa, refresh } }: Pick<SecondStep, 'token' | 'carried'>) {
  if (token !== undefined && mfa !== undefined) throw new Refusal('malformed_request')
  if (token !== undefined) return { token, transport: 'bearer' as const }
  if (mfa !== undefined) return { token: mfa, transport: 'cookie' as const, replaces: refresh }
  throw new Refusal('invalid_request', {
    errors: [{ path: '/mfa_token', code: 'required', message: 'is required' }]
  })
}

/** The refusal that says what can be proved next. */
export function mfaRequired (details: Pick<Refusal['details'], 'methods' | 'pending'>): Refusal {
  return new Refusal('mfa_required', { ...details, acrValues: acrValuesFrom('urn:latchkey:acr:2fa') })
}

/** The refusal of a first step that counts no longer. */
export function isOver (): Refusal {
  return new Refusal('token_invalid', { endsPending: true })
}

/** Whether `spend` has refused a proof that was right, because another request has used it up since. */
export function isUsedUp (error: unknown): boolean {
  return error instanceof Refusal && error.code === 'invalid_credentials'
}

/** Whether an account is still the one whose password was checked in the first step, and may sign in. */
export function mayGoOn (user: User, { userEpoch, globalEpoch }: PendingLogin): boolean {
  return user.sessionEpoch === userEpoch &&
    user.deploymentEpoch === globalEpoch &&
    user.status === 'active' &&
    (user.approval === 'approved' || user.approval === 'not_required') &&
    user.vendorStatus !== 'suspended'
}
