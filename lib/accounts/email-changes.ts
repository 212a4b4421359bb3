import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Principal } from '../access/authentication.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { parseAddress } from '../users/email-address.ts'
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
import type { User, UserStore } from '../users/user-store.ts'

export interface EmailChangeParts {
  database: Database
  commit: UnitsOfWork['commit']
  users: Pick<UserStore, 'find' | 'lock' | 'lockActive' | 'setAddress' | 'raiseEpoch'>
  devices: Pick<KnownDeviceStore, 'forget'>
  sessions: Pick<Sessions, 'find' | 'findLocked' | 'recordEpochRaise' | 'refusalFor'>
  oneTimeTokens: OneTimeTokens
  rateLimits: Pick<RateLimits, 'count' | 'countMail'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  clock: Pick<Clock, 'now'>
}

/** A move of an account to another address, by a token that is about to be spent. */
interface Move { token: TakenToken, owner: User, address: EmailAddress, caller: Caller }

/** What a token may be for here, what its use is, and what it is called in the audit trail when it comes to nothing. */
interface Use {
  purpose: 'email_change' | 'email_undo'
  failure: string
  apply: (unit: UnitOfWork, move: Move) => Promise<void>
}

const unchanged: FieldError = { path: '/new_email', code: 'unchanged', message: 'This is the address already.' }

/**
 * Changing the address of an account: asked for in a session, done by whoever has the new mailbox,
 * undone by whoever has the old one. An address is unique at the moment it is written and not before,
 * so a change that waits is in nobody's way. Lanes belong to addresses and stay with them: a change
 * neither takes failures along nor forgets any, so it is no way around a shut bucket.
 */
export function createEmailChanges ({ database, commit, users, devices, sessions, oneTimeTokens, rateLimits, audit, jobs, clock }: EmailChangeParts) {
  const confirming: Use = { purpose: 'email_change', failure: 'email_change_fail', apply: confirm }
  const undoing: Use = { purpose: 'email_undo', failure: 'email_undo_fail', apply: undo }

  return {
    changeEmail,
    requestEmailChange,
    /** Gives the account the address to which the token was mailed. Sessions go on. Throws `token_invalid`; `conflict` if somebody else has the address by now. */
    confirmEmail: (token: string, caller: Caller) => use(token, confirming, caller),
    /** Brings back the address to which the token was mailed, whatever came after it, and ends every session. Throws as `confirmEmail`. */
    undoEmailChange: (token: string, caller: Caller) => use(token, undoing, caller)
  }

  /**
   * Mails a token to the new address and one to the old. It does the same whether or not the new one
   * has an account. Mails are counted for the session, and for the new address like a stranger's: it
   * belongs to somebody else until it has confirmed.
   */
  async function changeEmail ({ sessionId }: Pick<Principal, 'sessionId'>, newEmail: string, caller: Caller) {
    const state = await sessions.find(sessionId)
    const address = parseAddress(newEmail, '/new_email')
    if (address.canonical === state.emailCanonical) throw new Refusal('invalid_request', { errors: [unchanged] })

    const kind = 'email_change'
    await rateLimits.countMail({ kind, address: state.emailCanonical, caller, owner: sessionId }, async mayAsk => {
      if (mayAsk) await rateLimits.countMail({ kind, address: address.canonical, caller }, async mayMail => { if (mayMail) await ask(state, address, caller) })
    })
  }

  async function ask (state: SessionState, address: EmailAddress, caller: Caller) {
    const owner = await database.begin(async tx => {
      // Read again under the lock: it may have another address by now.
      const owner = await users.lock(tx, state) ? await sessions.findLocked(tx, state.sessionId) : null
      if (owner) await requestEmailChange(tx, { owner, address, actorId: owner.id, sessionId: owner.sessionId, caller })
      return owner
    })
    // Asked after the transaction: within it, that would take a second connection while holding one.
    if (!owner) throw await sessions.refusalFor(state.sessionId)
  }

  /**
   * Writes down that an account is to have another address and has both mailed, for a caller who holds the lock of
   * its row and has counted the mails. `actorId` is who wants it: the owner, or somebody who may.
   */
  async function requestEmailChange (tx: Transaction, { owner, address, actorId, sessionId, caller }: {
    owner: User, address: EmailAddress, actorId: string, sessionId: string, caller: Caller
  }) {
    await oneTimeTokens.revoke(tx, owner.id, ['email_change'])
    const changeId = await oneTimeTokens.issue(tx, { purpose: 'email_change', userId: owner.id, email: address.address, emailCanonical: address.canonical })
    const undoId = await oneTimeTokens.issue(tx, { purpose: 'email_undo', userId: owner.id, email: owner.email, emailCanonical: owner.emailCanonical })
    const eventId = await audit.record(tx, { event: 'email_change_requested', outcome: 'success', actorId, subject: owner, sessionId, caller, personal: beforeAndAfter(owner, address) })
    await jobs.send(tx, 'mail', { kind: 'confirm_email', tokenId: changeId })
    await jobs.send(tx, 'mail', { kind: 'email_changed', stage: 'requested', tokenId: undoId, eventId })
  }

  /** Spends a token for what it brings. Where that comes to nothing the token is there again. */
  async function use (token: string, { purpose, failure, apply }: Use, caller: Caller): Promise<{ email: string }> {
    return await rateLimits.count({ policy: 'email-change', caller }, async () => {
      const taken = await oneTimeTokens.take(token, purpose).catch(error => refuse(error, null))
      const address = addressOf(taken)

      await commit(async unit => {
        const owner = await users.lockActive(unit.tx, taken.userId)
        if (!owner) throw new Refusal('token_invalid')
        await apply(unit, { token: taken, owner, address, caller })
      }).catch(async error => {
        await oneTimeTokens.release(taken)
        return await refuse(error, taken.userId)
      })
      return { email: address.address }
    })

    async function refuse (error: unknown, userId: string | null): Promise<never> {
      if (error instanceof Refusal && error.status !== 503) {
        const subject = userId === null ? null : await users.find(userId)
        await audit.record(database, { event: failure, outcome: 'failure', reason: error.code, subject, caller })
      }
      throw error
    }
  }

  async function confirm ({ tx, change }: UnitOfWork, { token, owner, address, caller }: Move) {
    // The address from which the change was asked for is the one that the newest undo brings back.
    const undoId = await oneTimeTokens.prolongUndo(tx, owner)
    if (!undoId) throw new Refusal('token_invalid')

    await oneTimeTokens.spend(tx, token)
    const version = await users.setAddress(tx, owner.id, address, new Date(clock.now()))
    await oneTimeTokens.revoke(tx, owner.id, ['password_reset', 'invitation', 'email_change'])

    const eventId = await audit.record(tx, { event: 'email_changed', outcome: 'success', actorId: owner.id, subject: owner, caller, personal: beforeAndAfter(owner, address) })
    await jobs.send(tx, 'mail', { kind: 'email_changed', stage: 'confirmed', tokenId: undoId, eventId })
    await jobs.send(tx, 'mail', { kind: 'email_changed_new', userId: owner.id, eventId })
    await change({ kind: 'user_changed', subjectId: owner.id, number: version })
  }

  // Whoever changed the address may have signed in anywhere, made devices known and asked for links.
  async function undo (unit: UnitOfWork, { token, owner, address, caller }: Move) {
    const { tx } = unit
    const { id } = owner
    await oneTimeTokens.revokeOutdone(tx, token)
    await oneTimeTokens.spend(tx, token)
    const version = await users.setAddress(tx, id, address, new Date(clock.now()))
    const sessionEpoch = await users.raiseEpoch(tx, id) ?? owner.sessionEpoch + 1
    await sessions.recordEpochRaise(unit, {
      user: { id, sessionEpoch, version },
      reason: 'email_restored',
      event: { event: 'email_restored', outcome: 'success', actorId: id, subject: owner, caller, personal: beforeAndAfter(owner, address) }
    })
    await devices.forget(tx, id)
  }
}

function beforeAndAfter ({ email }: User, { address }: EmailAddress) {
  return { before: { email }, after: { email: address } }
}

function addressOf ({ email, emailCanonical }: TakenToken): EmailAddress {
  if (email === null || emailCanonical === null) throw new Error('a token that is about an address names one')
  return { address: email, canonical: emailCanonical }
}
