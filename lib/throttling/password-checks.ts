import { randomUUID } from 'node:crypto'
import type { Audit, Subject } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { RefusalCode } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Bucket, Lockout } from './lockout.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Database, Query } from '../stores/database.ts'

/** A password that somebody says is theirs. */
export interface Claim {
  password: string
  /** What it is compared with; null for an address without an account and an account without a password. */
  passwordHash: string | null
  bucket: Bucket
  /** Whose it would be; null for an address without an account. */
  owner: Subject | null
  /** The canonical address, with or without an account. */
  canonical: string
  sessionId?: string
  caller: Caller
  /** What it is said for. A sign-in that fails is counted in the metrics; proving a password again is one. */
  purpose: 'sign_in' | 'password_change'
}

export interface PasswordCheckParts {
  database: Database
  lockout: Pick<Lockout, 'guard' | 'takeNotice'>
  passwords: Pick<Passwords, 'verify'>
  audit: Pick<Audit, 'record'>
  jobs: Pick<Jobs, 'send'>
  metrics: Pick<Metrics, 'increment'>
  clock: Pick<Clock, 'now'>
}

/** What a password that is not right is called in the audit trail. */
const failures = { sign_in: 'authn_login_fail', password_change: 'authn_password_change_fail' } as const

export type PasswordChecks = ReturnType<typeof createPasswordChecks>

/**
 * The one place where somebody's password is looked at: within a bucket, and with a trace of what was
 * not right. With and without an account it is the same work, down to the mail's job.
 */
export function createPasswordChecks ({ database, lockout, passwords, audit, jobs, metrics, clock }: PasswordCheckParts) {
  return { check }

  /**
   * Returns if the password is right.
   * @throws Refusal `invalid_credentials`; `too_many_attempts` while the bucket is shut, whatever the
   * password; `overloaded`; `unavailable`
   */
  async function check (claim: Claim): Promise<void> {
    const { bucket, password, passwordHash } = claim
    const guess = await lockout.guard(bucket, () => passwords.verify(passwordHash, password, bucket.kind === 'strangers' ? 'stranger' : 'known'))
    if (guess.outcome === 'right') return

    if (guess.outcome === 'refused') {
      // Somebody who hammers at a shut bucket leaves a row a minute, not one a try.
      if (guess.refused > 0) await note(database, claim, 'too_many_attempts', { refused: guess.refused })
      throw refuse(claim, 'too_many_attempts', guess.retryAfter)
    }
    if (guess.shutFor === null) await note(database, claim, 'invalid_credentials')
    else await noteShut(claim, guess.shutFor)
    throw refuse(claim, 'invalid_credentials')
  }

  async function noteShut (claim: Claim, milliseconds: number) {
    const { bucket, owner, canonical } = claim
    const until = new Date(clock.now() + milliseconds).toISOString()
    const isNoticeDue = await lockout.takeNotice(canonical)

    await database.begin(async tx => {
      await note(tx, claim, 'invalid_credentials')
      const eventId = await audit.record(tx, { ...traceOf(claim), event: 'authn_login_lock', reason: bucket.kind, personal: { until } })
      // Where nobody owns the address, the worker finds nobody to write to.
      // The mail's draft reads `lane`, which is what jobs of earlier versions that still wait say, too.
      if (isNoticeDue) await jobs.send(tx, 'mail', { kind: 'locked', userId: owner?.id ?? randomUUID(), lane: bucket.kind, until, eventId })
    })
  }

  async function note (query: Query, claim: Claim, reason: RefusalCode, personal: Record<string, unknown> = {}) {
    await audit.record(query, { ...traceOf(claim), event: failures[claim.purpose], reason, personal })
  }

  function refuse ({ purpose }: Claim, code: RefusalCode, retryAfter?: number) {
    if (purpose === 'sign_in') metrics.increment('sign_ins', { outcome: code })
    return new Refusal(code, retryAfter === undefined ? {} : { retryAfter })
  }
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
