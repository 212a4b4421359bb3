import type { Audit } from '../audit/audit.ts'
import type { FactorRemovals } from '../factors/factor-removals.ts'
import type { Caller } from '../http/caller.ts'
import type { Principal } from '../access/authentication.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import { clockSkewMaxMs } from '../clock.ts'
import type { Clock } from '../clock.ts'
import { assertDeliverable, parseAddress } from '../users/email-address.ts'
import type { EmailAddress } from '../users/email-address.ts'
import { Refusal } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { OneTimeTokens, TakenToken } from '../tokens/one-time-tokens.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { KnownDeviceStore } from '../sessions/known-device-store.ts'
import type { SessionState } from '../sessions/session-store.ts'
import type { PasswordStore } from '../users/password-store.ts'
import type { User, UserStore } from '../users/user-store.ts'

export interface EmailChangeParts {
  database: Database
  commit: UnitsOfWork['commit']
  users: Pick<UserStore, 'find' | 'lock' | 'lockActive' | 'lockAny' | 'setAddress' | 'setTwoStep'>
  passwordStore: Pick<PasswordStore, 'revoke'>
  devices: Pick<KnownDeviceStore, 'forget'>
  factorRemovals: FactorRemovals
  sessions: Pick<Sessions, 'find' | 'findLocked' | 'recordEpochRaise' | 'refusalFor'>
  oneTimeTokens: OneTimeTokens
  rateLimits: Pick<RateLimits, 'count' | 'countMail'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
}

/** A request that an account gets another address. */
export interface EmailChangeRequest {
  owner: User
  address: EmailAddress
  /** The user who wants it: the owner, or somebody who may. */
  actorId: string
  sessionId: string
  caller: Caller
}

/** The change of an address by a token, which is spent with it. */
interface AddressChange { token: TakenToken, owner: User, address: EmailAddress, caller: Caller }

/** What tokens of a purpose do. */
interface Redemption {
  purpose: 'email_change' | 'email_undo'
  /** The event in the audit trail if nothing comes of it. */
  failureEvent: string
  /** Locks the account and returns it; null if such a token changes nothing in the account's present state. */
  lock: (tx: Transaction, userId: string) => Promise<User | null>
  apply: (unit: UnitOfWork, change: AddressChange) => Promise<void>
}

/** How far the clocks of two nodes may be apart: each may differ from that of Postgres in another direction. */
const clocksApartMs = 2 * clockSkewMaxMs

const unchanged: FieldError = { path: '/new_email', code: 'unchanged', message: 'This is the address already.' }

/**
 * Changing the address of an account: requested in a session, confirmed by the owner of the new mailbox, undone by the
 * owner of the old one. Addresses are compared when one is written and not before, so a pending change reserves
 * nothing. Lockout buckets belong to addresses: a change neither moves failures nor forgets any, so it is no way around
 * a shut bucket.
 */
export function createEmailChanges (parts: EmailChangeParts) {
  const { database, commit, users, passwordStore, devices, factorRemovals, sessions } = parts
  const { oneTimeTokens, rateLimits, audit, jobs, clock } = parts
  const confirmation: Redemption = {
    purpose: 'email_change', failureEvent: 'email_change_fail', lock: users.lockActive, apply: confirm
  }
  // An account may have been disabled because it was stolen. It stays disabled, and its owner finds it restored later.
  const reversal: Redemption = {
    purpose: 'email_undo', failureEvent: 'email_undo_fail', lock: users.lockAny, apply: undo
  }

  return { changeEmail, requestEmailChange, confirmEmail, undoEmailChange }

  /**
   * Mails a token to the new address and one to the old. The answer and the work are the same whether or not the new
   * address has an account. Mails are counted for the session, and for the new address as for a stranger's, because it
   * belongs to somebody else until it is confirmed.
   * @throws Refusal `session_ended`; `invalid_token` if the session's access tokens have become outdated meanwhile;
   * `invalid_request` with `not_an_address`, `unchanged` or `local_part_not_ascii`; `unavailable`
   */
  async function changeEmail ({ sessionId }: Pick<Principal, 'sessionId'>, newEmail: string, caller: Caller) {
    const state = await sessions.find(sessionId)
    const address = parseAddress(newEmail, '/new_email')
    if (address.canonical === state.emailCanonical) throw new Refusal('invalid_request', { errors: [unchanged] })
    assertDeliverable(address, '/new_email')

    const fromSession = { kind: 'email_change', address: state.emailCanonical, caller, owner: sessionId }
    const toNewAddress = { kind: 'email_change', address: address.canonical, caller }
    await rateLimits.countMail(fromSession, async mayAsk => {
      if (!mayAsk) return
      await rateLimits.countMail(toNewAddress, async mayMail => {
        if (mayMail) await request(state, address, caller)
      })
    })
  }

  async function request (state: SessionState, address: EmailAddress, caller: Caller) {
    const owner = await database.begin(async tx => {
      // Read again under the lock: the account may have another address by now.
      const owner = await users.lock(tx, state) ? await sessions.findLocked(tx, state.sessionId) : null
      if (!owner) return null
      await requestEmailChange(tx, { owner, address, actorId: owner.id, sessionId: owner.sessionId, caller })
      return owner
    })
    // This is read after the transaction: within it, the read would take a second connection.
    if (!owner) throw await sessions.refusalFor(state.sessionId)
  }

  /**
   * Writes that an account is to have another address and mails a token to both. The caller holds the lock of the
   * account's row and has counted the mails.
   */
  async function requestEmailChange (tx: Transaction, request: EmailChangeRequest) {
    const { owner, address, actorId, sessionId, caller } = request
    await oneTimeTokens.revoke(tx, owner.id, ['email_change'])
    const changeId = await oneTimeTokens.issue(tx, {
      purpose: 'email_change',
      userId: owner.id,
      email: address.address,
      emailCanonical: address.canonical
    })
    const undoId = await oneTimeTokens.issue(tx, {
      purpose: 'email_undo',
      userId: owner.id,
      email: owner.email,
      emailCanonical: owner.emailCanonical,
      // If nobody has proved the address, a stranger may have registered it, and every factor may be the stranger's.
      ...!owner.emailVerified && { createdAt: owner.createdAt }
    })
    const eventId = await audit.record(tx, {
      event: 'email_change_requested',
      outcome: 'success',
      actorId,
      subject: owner,
      sessionId,
      caller,
      personal: beforeAndAfter(owner, address)
    })
    await jobs.send(tx, 'mail', { kind: 'confirm_email', tokenId: changeId })
    await jobs.send(tx, 'mail', { kind: 'email_changed', stage: 'requested', tokenId: undoId, eventId })
  }

  /**
   * Gives the account the address to which the token was mailed. Its sessions continue.
   * @throws Refusal `token_invalid`; `conflict` if another account has the address by now; `rate_limited`;
   * `unavailable`
   */
  async function confirmEmail (token: string, caller: Caller) {
    return await redeem(token, confirmation, caller)
  }

  /**
   * Gives the account back the address to which the token was mailed, whatever changed it since, ends every session and
   * takes the password away. The owner gets a link to choose a new one, unless the account is disabled.
   * @throws Refusal as `confirmEmail`
   */
  async function undoEmailChange (token: string, caller: Caller) {
    return await redeem(token, reversal, caller)
  }

  /** Applies a token and spends it. If that fails, the token can be used again. */
  async function redeem (token: string, redemption: Redemption, caller: Caller): Promise<{ email: string }> {
    const { purpose, failureEvent, lock, apply } = redemption

    return await rateLimits.count({ policy: 'email-change', caller }, async () => {
      const taken = await oneTimeTokens.take(token, purpose).catch(error => fail(error, null))
      const address = addressOf(taken)

      await commit(async unit => {
        const owner = await lock(unit.tx, taken.userId)
        if (!owner) throw new Refusal('token_invalid')
        await apply(unit, { token: taken, owner, address, caller })
      }, taken.userId).catch(async error => {
        await oneTimeTokens.release(taken)
        return await fail(error, taken.userId)
      })
      return { email: address.address }
    })

    async function fail (error: unknown, userId: string | null): Promise<never> {
      if (error instanceof Refusal && error.status !== 503) {
        const subject = userId === null ? null : await users.find(userId)
        await audit.record(database, { event: failureEvent, outcome: 'failure', reason: error.code, subject, caller })
      }
      throw error
    }
  }

  async function confirm ({ tx, change }: UnitOfWork, { token, owner, address, caller }: AddressChange) {
    // The newest undo brings back the address from which this change was requested. The account may have left it.
    const undoId = await oneTimeTokens.prolongUndo(tx, owner)
    if (!undoId) throw new Refusal('token_invalid')

    await oneTimeTokens.spend(tx, token)
    const version = await users.setAddress(tx, owner.id, address, new Date(clock.now()))
    await oneTimeTokens.revoke(tx, owner.id, ['password_reset', 'invitation', 'email_change', 'second_factor_reset'])

    const eventId = await audit.record(tx, {
      event: 'email_changed',
      outcome: 'success',
      actorId: owner.id,
      subject: owner,
      caller,
      personal: beforeAndAfter(owner, address)
    })
    await jobs.send(tx, 'mail', { kind: 'email_changed', stage: 'confirmed', tokenId: undoId, eventId })
    await jobs.send(tx, 'mail', { kind: 'email_changed_new', userId: owner.id, eventId })
    await change({ kind: 'user_changed', subjectId: owner.id, number: version })
  }

  // The person who changed the address may be a thief, who knows the password or has chosen it, and may have signed in
  // anywhere, made devices known, requested links and added factors, of which no mail went to the owner. All of that
  // ends. A password that stayed would change the address again before the owner has another one.
  async function undo (unit: UnitOfWork, { token, owner, address, caller }: AddressChange) {
    const { tx } = unit
    const { id, status } = owner
    const now = new Date(clock.now())
    const fields = { outcome: 'success', actorId: id, subject: owner, caller } as const
    await oneTimeTokens.revokeOutdone(tx, token)
    await oneTimeTokens.spend(tx, token)
    const version = await users.setAddress(tx, id, address, now)
    const since = new Date(token.createdAt.getTime() - clocksApartMs)
    const { hasRemoved, isLeft } = await factorRemovals.removeSince(tx, id, since)
    const sessionEpoch = await users.setTwoStep(tx, id, owner.twoStep && isLeft)
    const reason = 'email_restored'
    await sessions.recordEpochRaise(unit, {
      user: { id, sessionEpoch, version },
      reason,
      event: { ...fields, event: reason, personal: beforeAndAfter(owner, address) }
    })
    if (hasRemoved) await audit.record(tx, { ...fields, event: 'authn_factor_removed', reason })
    if (await passwordStore.revoke(tx, id, now)) {
      await audit.record(tx, { ...fields, event: 'authn_password_removed', reason })
    }
    await devices.forget(tx, id)
    if (status === 'active') await mailLink(tx, id)
  }

  async function mailLink (tx: Transaction, userId: string) {
    const tokenId = await oneTimeTokens.issue(tx, { purpose: 'password_reset', userId })
    await jobs.send(tx, 'mail', { kind: 'password_reset', tokenId, cause: 'address_restored' })
  }
}

function beforeAndAfter ({ email }: User, { address }: EmailAddress) {
  return { before: { email }, after: { email: address } }
}

function addressOf ({ email, emailCanonical }: TakenToken): EmailAddress {
  if (email === null || emailCanonical === null) throw new Error('a token that is about an address names one')
  return { address: email, canonical: emailCanonical }
}
