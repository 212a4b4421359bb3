import { randomUUID } from 'node:crypto'
import type { Audit } from '../audit/audit.ts'
import type { UnitOfWork } from '../changes/unit-of-work.ts'
import type { Caller } from '../http/caller.ts'
import type { User } from '../users/user-store.ts'
import type { HotSessions, Newest } from './hot-session-store.ts'
import type { RefreshTokens, Transport } from './refresh-tokens.ts'
import { issueRefreshToken } from './session-tokens.ts'
import type { SessionTokens } from './session-tokens.ts'
import type { SignInMarks, SignInStore } from './sign-in-store.ts'

export interface SessionBeginningParts {
  signIns: SignInStore
  hot: Pick<HotSessions, 'begin' | 'forget'>
  refreshTokens: Pick<RefreshTokens, 'issue'>
  audit: Pick<Audit, 'prepare'>
  /** Milliseconds: a session ends after `refreshTokenTtl` without a refresh, and after `sessionTtl` in any case. */
  lifetimes: { refreshTokenTtl: number, sessionTtl: number }
}

/** A session that is about to begin. Redis has its record, Postgres has not, and nobody holds its token. */
export interface PreparedSession {
  id: string
  transport: Transport
  newest: Newest
  now: Date
  expiresAt: Date
}

/**
 * The device and the caller that sign in. `amr` says how the user was authenticated (RFC 8176), `reason` which second
 * factor was used, for the audit trail.
 */
interface SignInDetails {
  deviceId: string
  deviceName: string | null
  caller: Caller
  amr: string[]
  reason?: string | undefined
  marks?: SignInMarks | undefined
}

/**
 * Begins sessions, in two steps: `prepare` writes to Redis, `begin` writes to Postgres. If the second step is refused,
 * `abandon` takes the first one back.
 */
export function createSessionBeginnings ({ signIns, hot, refreshTokens, audit, lifetimes }: SessionBeginningParts) {
  return { prepare, begin, abandon, tokensOf }

  /** The first step: writes the hot record. Without the second step no session exists. */
  async function prepare (transport: Transport): Promise<PreparedSession> {
    const id = randomUUID()
    const newest = await hot.begin(id, lifetimes.refreshTokenTtl)
    const expiresAt = new Date(newest.issuedAt + lifetimes.sessionTtl)
    return { id, transport, newest, now: new Date(newest.issuedAt), expiresAt }
  }

  /**
   * The second step: writes the durable record, the device and the event, and ends the sessions beyond SESSIONS_MAX.
   * All of that is one statement, so `commitStatement` is enough. Returns false, and writes nothing, if the account
   * has changed since it was read with the password's hash, or if `amr` proves less than the account demands.
   */
  async function begin (
    { tx, note }: Pick<UnitOfWork, 'tx' | 'note'>,
    prepared: PreparedSession,
    user: User,
    { deviceId, deviceName, caller, amr, reason, marks }: SignInDetails
  ): Promise<boolean> {
    // The event and the changes must be the ones that sql/034.do.remembered-devices.sql writes: see `signIn`.
    const event = audit.prepare({
      event: 'authn_login_success',
      outcome: 'success',
      ...(reason !== undefined && { reason }),
      actorId: user.id,
      subject: user,
      sessionId: prepared.id,
      caller
    })
    const session = { ...prepared, deviceId, deviceName, userAgent: caller.userAgent, ip: caller.ip, amr }
    const evicted = await signIns.signIn(user, session, event, tx, marks)
    if (!evicted) return false
    note(evicted.map(subjectId =>
      ({ kind: 'session_ended', subjectId, exceptId: null, number: null, reason: 'evicted' })))
    return true
  }

  /**
   * Takes `prepare` back. Call it only if it is certain that the session has not begun: where the answer of Postgres
   * was lost, the session may be alive.
   * @throws Refusal `unavailable`: then the record is forgotten when it expires
   */
  async function abandon ({ id }: PreparedSession) {
    await hot.forget(id)
  }

  /** The first tokens of a session that has just begun. Asks no store. */
  function tokensOf (
    { id, transport, newest, now, expiresAt }: PreparedSession,
    user: User,
    { deviceId, amr, marks }: Pick<SignInDetails, 'deviceId' | 'amr' | 'marks'>
  ): SessionTokens {
    return issueRefreshToken(refreshTokens, {
      ...user,
      sessionId: id,
      transport,
      deviceId,
      amr,
      userEpoch: user.sessionEpoch,
      globalEpoch: user.deploymentEpoch,
      expiresAt,
      authTime: marks?.rememberedAt ?? now,
      lastSeenAt: now,
      floor: 0,
      endedAt: null,
      endedReason: null,
      factorReset: marks?.factorReset ?? null
    }, newest)
  }
}
