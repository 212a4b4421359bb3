import { randomUUID } from 'node:crypto'
import type { Audit, Subject } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import { clientNetwork } from '../http/client-address.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { RefusalCode, RefusalDetails } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Bucket, Lockout } from './lockout.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { HashTurn } from '../passwords/hash-scheduler.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Database, Query } from '../stores/database.ts'

/** A password that is to be checked, with everything that the check leaves behind when it fails. */
export interface Claim {
  password: string
  /** The hash to compare with; null for an address without an account and for an account without a password. */
  passwordHash: string | null
  bucket: Bucket
  /** The account; null for an address without one. */
  owner: Subject | null
  /** The canonical address, with or without an account. */
  canonical: string
  sessionId?: string
  caller: Caller
  /** A failed `sign_in` is counted in the metrics. Entering the password again in a session is one, too. */
  purpose: 'sign_in' | 'password_change'
}

export interface PasswordCheckParts {
  database: Database
  lockout: Pick<Lockout, 'guard' | 'recordWithNotice' | 'sessionOf'>
  passwords: Pick<Passwords, 'verify'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  metrics: Pick<Metrics, 'increment'>
  clock: Pick<Clock, 'now'>
}

/** The audit event of a wrong password, by purpose. */
const failures = { sign_in: 'authn_login_fail', password_change: 'authn_password_change_fail' } as const

export type PasswordChecks = ReturnType<typeof createPasswordChecks>

/**
 * The one place that checks passwords: within a bucket, and with an audit event for each failure. An address with an
 * account and one without cause the same work, down to the mail's job.
 */
export function createPasswordChecks ({
  database, lockout, passwords, audit, jobs, metrics, clock
}: PasswordCheckParts) {
  return { check, checkInSession }

  /**
   * Returns if the password is right.
   * @throws Refusal `invalid_credentials`; `too_many_attempts` while the bucket is shut, whether or not the password is
   * right; `overloaded`; `unavailable`
   */
  async function check (claim: Claim): Promise<void> {
    const { bucket, password, passwordHash } = claim
    const guess = await lockout.guard(bucket, () => passwords.verify(passwordHash, password, hashTurnOf(claim)))
    if (guess.outcome === 'right') return

    if (guess.outcome === 'refused') {
      // Many tries at a shut bucket leave one event a minute, not one for each try.
      if (guess.refused > 0) await note(database, claim, 'too_many_attempts', { refused: guess.refused })
      throw refuse(claim, 'too_many_attempts', { retryAfter: guess.retryAfter })
    }
    if (guess.shutForMs === null) await note(database, claim, 'invalid_credentials')
    else await noteShut(claim, guess.shutForMs)
    throw refuse(claim, 'invalid_credentials')
  }

  /**
   * Checks the password of the user of a session, within the session's own bucket. Where the account has none there is
   * nothing to guess, and its user may know.
   * @throws Refusal as `check`
   */
  async function checkInSession (
    session: Subject & { sessionId: string, passwordHash: string | null, emailCanonical: string },
    password: string,
    caller: Caller,
    purpose: Claim['purpose']
  ): Promise<void> {
    const { sessionId, passwordHash, emailCanonical: canonical } = session
    const bucket = lockout.sessionOf(sessionId)
    const claim = { password, passwordHash, bucket, owner: session, canonical, sessionId, caller, purpose }
    if (passwordHash !== null) return await check(claim)

    await note(database, claim, 'invalid_credentials')
    throw refuse(claim, 'invalid_credentials', { sentence: 'The account has no password.' })
  }

  async function noteShut (claim: Claim, milliseconds: number) {
    const { bucket, owner, canonical } = claim
    const until = new Date(clock.now() + milliseconds).toISOString()

    await lockout.recordWithNotice(database, { canonical, about: 'passwords' }, async (tx, isNoticeDue) => {
      await note(tx, claim, 'invalid_credentials')
      const eventId = await audit.record(tx, {
        ...traceOf(claim),
        event: 'authn_login_lock',
        reason: bucket.kind,
        personal: { until }
      })
      if (!isNoticeDue) return
      // For an address without an account the id is random, and the worker finds no user to write to.
      const userId = owner?.id ?? randomUUID()
      // The field has the name of earlier versions, because nodes of both run beside each other during an upgrade.
      await jobs.send(tx, 'mail', { kind: 'locked', userId, lane: bucket.kind, until, eventId })
    })
  }

  async function note (query: Query, claim: Claim, reason: RefusalCode, personal: Record<string, unknown> = {}) {
    await audit.record(query, { ...traceOf(claim), event: failures[claim.purpose], reason, personal })
  }

  function refuse ({ purpose }: Claim, code: RefusalCode, details: Pick<RefusalDetails, 'retryAfter' | 'sentence'> = {}) {
    if (purpose === 'sign_in') metrics.increment('sign_ins', { outcome: code })
    return new Refusal(code, details)
  }
}

/** The turn of a password's hash: strangers share those of their network, a user has their own in all sessions. */
export function hashTurnOf ({ bucket, owner, caller }: Pick<Claim, 'bucket' | 'owner' | 'caller'>): HashTurn {
  if (bucket.kind === 'strangers' || !owner) return { priority: 'stranger', flow: clientNetwork(caller.ip) }
  return { priority: 'known', flow: owner.id }
}

function traceOf ({ owner, canonical, sessionId, caller }: Claim) {
  return {
    outcome: 'failure' as const,
    subject: owner,
    caller,
    ...(owner ? {} : { address: canonical }),
    ...(owner && sessionId !== undefined ? { sessionId, actorId: owner.id } : {})
  }
}
