import type { Audit } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import type { CodeHolder, Guess, Lockout } from '../throttling/lockout.ts'
import { byPasswordAndCode, byPasswordAndKey } from '../tokens/assurance.ts'
import type { User } from '../users/user-store.ts'
import type { PasskeyAssertion, PasskeyChecks } from './passkey-checks.ts'
import type { PasskeyStore } from './passkey-store.ts'
import type { RecoveryCodeStore } from './recovery-code-store.ts'
import { hashRecoveryCode } from './recovery-code.ts'
import { matchingStep, stepAt } from './totp.ts'
import type { TotpKeeping } from './totp-keeping.ts'
import type { TotpSecret, TotpSecretStore } from './totp-secret-store.ts'

/** What a user enters as the second factor, or what a passkey has signed. */
export type SecondFactor = { code: string } | { recoveryCode: string } | { credential: PasskeyAssertion }

export type SecondFactorMethod = 'passkey' | CodeMethod

/** The methods whose codes can be guessed. */
type CodeMethod = 'totp' | 'recovery_code'

/** A second factor that is to be checked. The first one has been proved, unless the second proves both. */
export interface SecondFactorClaim {
  factor: SecondFactor
  owner: Pick<User, 'id' | 'emailCanonical' | 'wrappedKey'>
  holder: CodeHolder
  /** The pending sign-in, or the session, whose challenge a passkey answers. */
  boundTo: string
  sessionId?: string
  caller: Caller
}

/** A right second factor that is not used up yet. */
export interface SecondProof {
  method: SecondFactorMethod
  /** The methods (RFC 8176) that are proved with the password before it. */
  amr: string[]
  /** Whether it needs no password before it: a passkey that has verified its user. */
  isComplete: boolean
  /**
   * Uses it up, in the transaction of its effect, with the user's row locked.
   * @throws Refusal `invalid_credentials` if another request has used it up
   */
  spend: (tx: Transaction) => Promise<void>
}

export interface SecondFactorCheckParts {
  database: Database
  totpSecrets: Pick<TotpSecretStore, 'findConfirmed' | 'spendStep' | 'countStrangersFailure'>
  recoveryCodes: Pick<RecoveryCodeStore, 'summarise' | 'has' | 'spend'>
  passkeys: Pick<PasskeyStore, 'has' | 'findByCredential'>
  passkeyChecks: Pick<PasskeyChecks, 'check'>
  keeping: Pick<TotpKeeping, 'decrypt'>
  lockout: Pick<Lockout, 'guard' | 'secondFactorOf' | 'recordWithNotice'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  metrics: Pick<Metrics, 'increment'>
  clock: Pick<Clock, 'now'>
  /** How many steps before the current one count. */
  totpStepsBack: number
}

export type SecondFactorChecks = ReturnType<typeof createSecondFactorChecks>

/** After this many wrong codes by strangers, codes of strangers are not checked any more (NIST 800-63B-4, 3.2.2). */
const strangersFailuresMax = 100
/** Then a stranger is told to wait this long (s): the longest time for which a bucket can be shut. */
const closedSeconds = 12 * 3600

/**
 * The one place that checks second factors: within a bucket, with an audit event for each failure. A right one is used
 * up by its effect and not before, so a sign-in that fails has used up nothing.
 */
export function createSecondFactorChecks (parts: SecondFactorCheckParts) {
  const { database, totpSecrets, recoveryCodes, passkeys, passkeyChecks, keeping, lockout } = parts
  const { audit, jobs, metrics, clock, totpStepsBack } = parts

  return { methodsOf, check, noteUsedUp }

  /** What the user can prove as a second factor. */
  async function methodsOf (userId: string): Promise<SecondFactorMethod[]> {
    const [secret, codes] = [await totpSecrets.findConfirmed(userId), await recoveryCodes.summarise(userId)]
    return [
      ...(await passkeys.has(userId) ? ['passkey' as const] : []),
      ...(secret ? ['totp' as const] : []),
      ...(codes ? ['recovery_code' as const] : [])
    ]
  }

  /**
   * Returns if the second factor is right and has not been used.
   * @throws Refusal `invalid_credentials`; `passkey_unknown` for a passkey that no account has; `too_many_attempts`
   * while the bucket is shut, whether or not it is right; `overloaded`; `unavailable`
   */
  async function check (claim: SecondFactorClaim): Promise<SecondProof> {
    if ('credential' in claim.factor) return await checkPasskey(claim, claim.factor.credential)
    return 'code' in claim.factor
      ? await checkCode(claim, claim.factor.code)
      : await checkRecoveryCode(claim, claim.factor.recoveryCode)
  }

  // No bucket: a signature cannot be guessed, so nobody can keep the owner from this way in.
  async function checkPasskey (claim: SecondFactorClaim, credential: PasskeyAssertion): Promise<SecondProof> {
    const { owner, boundTo, sessionId } = claim
    const purpose = sessionId === undefined ? 'second_factor' : 'reauthentication'
    const expected = { userId: owner.id, find: passkeys.findByCredential }
    const { isComplete, spend } = await passkeyChecks.check(credential, { purpose, boundTo }, expected)
      .catch(error => failPasskey(claim, error))
    return {
      method: 'passkey',
      amr: byPasswordAndKey,
      isComplete,
      spend: tx => spend(tx, { subject: owner, caller: claim.caller, ...(sessionId !== undefined && { sessionId }) })
    }
  }

  async function failPasskey (claim: SecondFactorClaim, error: unknown): Promise<never> {
    if (error instanceof Refusal && error.status === 401) await noteUsedUp(claim, 'passkey')
    throw error
  }

  async function checkCode (claim: SecondFactorClaim, code: string): Promise<SecondProof> {
    const secret = await totpSecrets.findConfirmed(claim.owner.id)
    const plain = secret && keeping.decrypt(secret)
    const isClosed = claim.holder === 'strangers' && secret && isClosedToStrangers(secret)
    if (isClosed) throw refuse('too_many_attempts', closedSeconds)

    let found: { secret: TotpSecret, step: number } | null = null
    await guard('totp', claim, async () => {
      const step = plain && matchingStep(plain, code.replace(/\s/g, ''), currentSteps())
      found = secret && step !== null && step > secret.lastStep ? { secret, step } : null
      if (secret && !found && claim.holder === 'strangers') await totpSecrets.countStrangersFailure(secret.id)
      return found !== null
    })
    return { method: 'totp', amr: byPasswordAndCode, isComplete: false, spend: tx => spendCode(tx, found) }
  }

  async function spendCode (tx: Transaction, found: { secret: TotpSecret, step: number } | null) {
    const isSpent = found && await totpSecrets.spendStep(tx, found.secret.id, found.step, new Date(clock.now()))
    if (!isSpent) throw wrongFactor()
  }

  async function checkRecoveryCode (claim: SecondFactorClaim, text: string): Promise<SecondProof> {
    const hash = hashRecoveryCode(text)

    await guard('recovery_code', claim, async () => hash !== null && await recoveryCodes.has(claim.owner.id, hash))
    return {
      method: 'recovery_code',
      amr: byPasswordAndCode,
      isComplete: false,
      spend: tx => spendRecoveryCode(tx, claim, hash)
    }
  }

  async function spendRecoveryCode (tx: Transaction, claim: SecondFactorClaim, hash: Buffer | null) {
    const { owner: { id: userId } } = claim
    const left = hash && await recoveryCodes.spend(tx, userId, hash)
    if (left === null) throw wrongFactor()

    const eventId = await audit.record(tx, {
      ...traceOf(claim),
      event: 'authn_recovery_code_used',
      outcome: 'success',
      personal: { left }
    })
    await jobs.send(tx, 'mail', { kind: 'recovery_code_used', userId, left, eventId })
  }

  async function guard (method: CodeMethod, claim: SecondFactorClaim, isRight: () => Promise<boolean>) {
    const guess = await lockout.guard(lockout.secondFactorOf(method, claim.owner.id, claim.holder), isRight)
    if (guess.outcome === 'right') return

    await recordFailure(method, claim, guess)
    throw guess.outcome === 'refused' ? refuse('too_many_attempts', guess.retryAfter) : refuse('invalid_credentials')
  }

  async function recordFailure (method: CodeMethod, claim: SecondFactorClaim, guess: Guess) {
    if (guess.outcome === 'refused') {
      // Many tries at a shut bucket leave one event a minute, not one for each try.
      if (guess.refused > 0) await note(database, claim, 'too_many_attempts', { method, refused: guess.refused })
    } else if (guess.outcome === 'wrong' && guess.shutForMs !== null) {
      await recordShut(method, claim, new Date(clock.now() + guess.shutForMs).toISOString())
    } else {
      await note(database, claim, method)
    }
  }

  // The first factor was right, so the person who guesses codes knows the password: the owner has to learn that.
  async function recordShut (method: CodeMethod, claim: SecondFactorClaim, until: string) {
    const notice = { canonical: claim.owner.emailCanonical, about: 'codes' } as const
    await lockout.recordWithNotice(database, notice, async (tx, isNoticeDue) => {
      await note(tx, claim, method)
      const eventId = await audit.record(tx, {
        ...traceOf(claim),
        event: 'authn_login_lock',
        outcome: 'failure',
        reason: method,
        personal: { until }
      })
      if (isNoticeDue) await jobs.send(tx, 'mail', { kind: 'password_known', userId: claim.owner.id, until, eventId })
    })
  }

  /** Records that a right second factor was used up by another request first. */
  async function noteUsedUp (claim: SecondFactorClaim, method: SecondFactorMethod) {
    metrics.increment('sign_ins', { outcome: 'invalid_credentials' })
    await note(database, claim, method)
  }

  async function note (
    query: Query,
    claim: SecondFactorClaim,
    reason: string,
    personal: Record<string, unknown> = {}
  ) {
    await audit.record(query, { ...traceOf(claim), event: 'authn_login_fail', outcome: 'failure', reason, personal })
  }

  function currentSteps () {
    const to = stepAt(clock.now())
    return { from: to - totpStepsBack, to }
  }

  function refuse (code: 'invalid_credentials' | 'too_many_attempts', retryAfter?: number) {
    metrics.increment('sign_ins', { outcome: code })
    if (code === 'invalid_credentials') return wrongFactor()
    return new Refusal(code, retryAfter === undefined ? {} : { retryAfter })
  }
}

/** Whether strangers have entered so many wrong codes that none of theirs is checked any more, until an unlocking. */
export function isClosedToStrangers ({ strangersFailures }: Pick<TotpSecret, 'strangersFailures'>): boolean {
  return strangersFailures >= strangersFailuresMax
}

/** The refusal of a second factor that is wrong or used up. The sentence of the code is about the password. */
export function wrongFactor (): Refusal {
  return new Refusal('invalid_credentials', { sentence: 'The second factor is wrong, or has been used already.' })
}

function traceOf ({ owner, sessionId, caller }: SecondFactorClaim) {
  return { subject: owner, caller, ...(sessionId !== undefined && { sessionId, actorId: owner.id }) }
}
