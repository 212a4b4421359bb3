import { randomBytes, randomUUID } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Transaction } from '../stores/database.ts'
import { withoutSecond } from '../tokens/assurance.ts'
import type { Challenge, Challenges } from '../tokens/challenges.ts'
import type { NewCredential, RegistrationResponse, WebauthnVerifier } from '../webauthn/verifier.ts'
import { eventOf } from './factor-changes.ts'
import type { Asking, FactorChange, FactorChanges } from './factor-changes.ts'
import type { FactorResets, FinishReset } from './factor-resets.ts'
import { presentPasskey } from './factor-summaries.ts'
import { creationOptions } from './passkey-options.ts'
import type { CreationOptions, PasskeyKind } from './passkey-options.ts'
import type { NewPasskey, PasskeyStore } from './passkey-store.ts'
import { hashRecoveryCodes, makeRecoveryCodes } from './recovery-code.ts'
import type { RecoveryCodeStore } from './recovery-code-store.ts'
import type { SpentChallengeStore } from './spent-challenge-store.ts'
import type { TotpSecretStore } from './totp-secret-store.ts'

/** What a browser answers when it has made a passkey, and what the user calls it. */
export interface PasskeyRegistration {
  response: RegistrationResponse
  transports: string[]
  /** Whether the authenticator finds the passkey without being told its id; null if the browser does not say. */
  discoverable: boolean | null
  name: string
}

/** A passkey that was added, and the tokens of the session if that has finished a reset. */
export interface AddedPasskey { passkey: ReturnType<typeof presentPasskey>, change?: FactorChange }

interface Addition { state: SessionState, passkey: NewPasskey, challenge: Challenge, caller: Caller }

export interface PasskeyParts {
  changes: FactorChanges
  resets: FactorResets
  sessions: Pick<Sessions, 'find'>
  passkeys: PasskeyStore
  spentChallenges: SpentChallengeStore
  totpSecrets: Pick<TotpSecretStore, 'findConfirmed'>
  recoveryCodes: Pick<RecoveryCodeStore, 'remove' | 'replace'>
  challenges: Challenges
  webauthn: Pick<WebauthnVerifier, 'challengeOf' | 'verifyRegistration'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
  rpId: string
  rpName: string
}

export type Passkeys = ReturnType<typeof createPasskeys>

/** How many passkeys an account may have. */
const passkeysMax = 20
/** The handle of an account (WebAuthn Level 3, section 14.6.1). */
const handleBytes = 64
const kinds = ['passkey', 'security_key'] as const

/** The passkeys of a user, as the user manages them. To add or remove one takes what any change of factors takes. */
export function createPasskeys (parts: PasskeyParts) {
  const { sessions, passkeys, spentChallenges, totpSecrets, recoveryCodes, challenges, webauthn } = parts
  const { resets, audit, jobs, clock, rpId, rpName } = parts
  const { findStrong, findEnrolling, counted, inSession, assertOptional, change, answerTo } = parts.changes

  return { list, offer, register, rename, remove }

  async function list ({ sessionId }: Asking) {
    const { id } = await sessions.find(sessionId)
    return { passkeys: (await passkeys.list(id)).map(presentPasskey) }
  }

  /**
   * What a browser needs to make a passkey. The challenge is bound to the session that asks. A session that a reset has
   * opened may do this.
   * @throws Refusal `conflict` if the account has as many as it may have; `session_ended`; `reauthentication_required`;
   * `unavailable`
   */
  async function offer (asking: Asking, kind: PasskeyKind): Promise<CreationOptions> {
    const state = await findEnrolling(asking)
    const known = await passkeys.list(state.id)
    if (known.length >= passkeysMax && state.factorReset === null) throw new Refusal('conflict')

    const handle = await inSession(state, ({ tx }) => passkeys.handleOf(tx, state.id, randomBytes(handleBytes)))
    return creationOptions({
      kind,
      challenge: challenges.issue(kind, state.sessionId),
      rp: { id: rpId, name: rpName },
      user: { ...state, handle },
      passkeys: known
    })
  }

  /**
   * Adds a passkey. The sign-in by password stays as it is, and no session ends. In a session that a reset has opened
   * it takes the place of all other factors: the account has two steps then, every other session and device is gone.
   * @throws Refusal `token_invalid` if the response does not answer a challenge of this session, or the reset counts no
   * longer; `conflict` for a credential that is known, to anybody; `session_ended`; `reauthentication_required`;
   * `rate_limited`; `unavailable`
   */
  async function register (asking: Asking, registration: PasskeyRegistration, caller: Caller): Promise<AddedPasskey> {
    const state = await findEnrolling(asking)
    return await counted(asking, caller, () => resets.during(state, async finishReset => {
      const { challenge, credential } = verify(state, registration.response)
      const passkey = passkeyOf(state, registration, challenge, credential)
      const added = { passkey: presentPasskey({ ...passkey, lastUsedAt: null }) }
      const addition = { state, passkey, challenge, caller }
      if (finishReset) return { ...added, change: await replaceAll(addition, finishReset) }

      await inSession(state, async ({ tx }) => {
        await keep(tx, addition)
        await tell(tx, addition)
        return true
      })
      return added
    }))
  }

  /** A registration proves no signature (`none`), so the session is worth no more than before. */
  async function replaceAll (addition: Addition, finishReset: FinishReset): Promise<FactorChange> {
    const { state, passkey, caller } = addition
    const codes = makeRecoveryCodes()
    const userEpoch = await inSession(state, async unit => {
      await finishReset(unit.tx, passkey.id)
      await keep(unit.tx, addition)
      await recoveryCodes.replace(unit.tx, state.id, hashRecoveryCodes(codes), new Date(clock.now()))
      return await change(unit, state, { twoStep: true, caller }, {
        event: 'authn_factor_reset', reason: 'finished', mail: 'second_factor_reset_finished'
      })
    })
    const changed = { userEpoch, sessionEpoch: userEpoch, twoStep: true, hasFactor: true, factorReset: null }
    return { ...await answerTo({ ...state, ...changed }), recovery_codes: codes }
  }

  function verify (state: SessionState, response: RegistrationResponse) {
    const text = webauthn.challengeOf(response)
    const challenge = text === null ? null : challenges.read(text, kinds, state.sessionId)
    if (text === null || !challenge) throw new Refusal('token_invalid')

    const userVerification = challenge.purpose === 'passkey' ? 'required' : 'discouraged'
    const credential = webauthn.verifyRegistration(response, { challenge: text, userVerification })
    if (!credential) throw new Refusal('token_invalid')
    return { challenge, credential }
  }

  function passkeyOf (
    { id: userId }: SessionState,
    { transports, discoverable, name }: PasskeyRegistration,
    { purpose }: Challenge,
    credential: NewCredential
  ): NewPasskey {
    // A security key stays a second factor, also if it verified its user: a thief can set the first PIN of one.
    const userVerified = credential.userVerified && purpose === 'passkey'
    const createdAt = new Date(clock.now())
    return { ...credential, id: randomUUID(), userId, userVerified, transports, discoverable, rpId, name, createdAt }
  }

  async function keep (tx: Transaction, { state, passkey, challenge }: Addition) {
    if (!await spentChallenges.spend(tx, challenge)) throw new Refusal('token_invalid')
    if ((await passkeys.list(state.id, tx)).length >= passkeysMax) throw new Refusal('conflict')
    if (!await passkeys.insert(tx, passkey)) throw new Refusal('conflict')
  }

  async function tell (tx: Transaction, { state, passkey, caller }: Addition) {
    const eventId = await audit.record(tx, {
      ...eventOf(state, caller, 'authn_factor_added', 'passkey'),
      personal: { passkey_id: passkey.id, name: passkey.name }
    })
    await jobs.send(tx, 'mail', { kind: 'passkey_added', userId: state.id, eventId })
  }

  /** @throws Refusal `not_found` for a passkey that the user does not have; `session_ended`; `unavailable` */
  async function rename ({ sessionId }: Asking, id: string, name: string) {
    const { id: userId } = await sessions.find(sessionId)
    const passkey = await passkeys.rename(userId, id, name)
    if (!passkey) throw new Refusal('not_found')
    return { passkey: presentPasskey(passkey) }
  }

  /**
   * Removes a passkey, and the recovery codes if no factor is left. Every other session ends.
   * @throws Refusal `last_factor` if an account with two steps, or whose role demands a factor, would be left without,
   * or one without a password without a passkey that signs in alone; `not_found`; `session_ended`;
   * `reauthentication_required`; `invalid_token`; `rate_limited`; `unavailable`
   */
  async function remove (asking: Asking, id: string, caller: Caller): Promise<FactorChange> {
    const state = await findStrong(asking)
    return await counted(asking, caller, async () => {
      const { userEpoch, amr } = await inSession(state, async unit => {
        if (!await passkeys.remove(unit.tx, state.id, id)) throw new Refusal('not_found')
        if (state.passwordHash === null) await assertWayIn(unit.tx, state.id)
        const hasPasskey = await passkeys.has(state.id, unit.tx)
        const hasTotp = await totpSecrets.findConfirmed(state.id, unit.tx) !== null
        const isLast = !hasPasskey && !hasTotp
        if (!hasPasskey) await assertOptional(unit.tx, state.id, { hasTotp })
        if (isLast && state.twoStep) throw new Refusal('last_factor')
        if (isLast) await recoveryCodes.remove(unit.tx, state.id)

        const amr = hasPasskey ? state.amr : withoutSecond(state.amr, 'pop')
        const userEpoch = await change(unit, state, { twoStep: state.twoStep, amr, caller }, {
          event: 'authn_factor_removed', reason: 'passkey', mail: 'factor_removed'
        })
        return { userEpoch, amr }
      })
      return await answerTo({ ...state, userEpoch, sessionEpoch: userEpoch, amr })
    })
  }

  /** Refuses to leave an account without a password no passkey that signs in by itself. */
  async function assertWayIn (tx: Transaction, userId: string) {
    const ways = await passkeys.findAlone(userId, rpId, tx)
    if (ways.length === 0) throw new Refusal('last_factor', { sentence: 'Without a password the account needs a passkey.' })
  }
}
