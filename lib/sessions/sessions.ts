import { randomUUID } from 'node:crypto'
import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { RateLimitStatuses } from '../http/rate-limit-status.ts'
import type { Caller } from '../http/caller.ts'
import type { UnitOfWork, UnitsOfWork } from '../changes/unit-of-work.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { EndReason } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import type { PresentedToken } from './presented-token.ts'
import type { RefreshClaims, RefreshTokens, Transport } from './refresh-tokens.ts'
import type { Sightings } from './sightings.ts'
import { rateLimited } from '../http/rate-limit-status.ts'
import type { ChangeStore } from '../changes/change-store.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import type { HotSessions, Newest } from './hot-session-store.ts'
import type { SessionState, SessionStore } from './session-store.ts'
import type { SignInStore } from './sign-in-store.ts'
import type { User } from '../users/user-store.ts'

export type Sessions = ReturnType<typeof createSessions>

export interface SessionParts {
  database: Database
  store: SessionStore
  signIns: SignInStore
  hot: HotSessions
  changes: Pick<ChangeStore, 'firstRaise'>
  commit: UnitsOfWork['commit']
  refreshTokens: RefreshTokens
  oneTimeTokens: Pick<OneTimeTokens, 'revoke'>
  sightings: Sightings
  audit: Audit
  jobs: Pick<Jobs, 'send'>
  metrics: Metrics
  statuses: Pick<RateLimitStatuses, 'record'>
  clock: Clock
  /** Milliseconds: the idle end, the absolute end. */
  lifetimes: { refreshTokenTtl: number, sessionTtl: number }
}

/** A session that is about to be opened: known to Redis, not yet to Postgres, its token in no hand. */
export interface PreparedSession { id: string, transport: Transport, newest: Newest, now: Date, expiresAt: Date }

/** A living session with its newest refresh token. */
export interface SessionTokens { state: SessionState, newest: Newest, refreshToken: string }

/** The end of a user's sessions by a raise of their epoch. */
export interface EpochRaise {
  /** The epoch that holds from here on, and the version, where the cause has changed what other nodes keep of the user. */
  user: { id: string, sessionEpoch: number, version?: number }
  reason: EndReason
  /** The session that is to outlive it. */
  survivor?: string | null
  /** When the survivor's owner has just proved the password. */
  authTime?: Date | null
  /** What the audit trail says of the cause. */
  event: AuditEvent
}

/**
 * Sessions: Postgres says whether one lives, Redis says which refresh token is the newest. Nothing
 * here fails open, and no session ends because a store did not answer.
 */
export function createSessions ({ database, commit, store, signIns, hot, changes, refreshTokens, oneTimeTokens, sightings, audit, jobs, metrics, statuses, clock, lifetimes }: SessionParts) {
  return { prepare, begin, tokensOf, refresh, find, findAlive, findLocked, peek, read: refreshTokens.read, isNewest, authenticateAgain, advance, end, recordEpochRaise, refusalFor, list }

  /** First half of opening: the hot record. Without its second half nothing has happened. */
  async function prepare (transport: Transport): Promise<PreparedSession> {
    const id = randomUUID()
    const newest = await hot.begin(id, lifetimes.refreshTokenTtl)
    return { id, transport, newest, now: new Date(newest.issuedAt), expiresAt: new Date(newest.issuedAt + lifetimes.sessionTtl) }
  }

  /**
   * Second half: the durable record, the device, the event and the end of what is beyond SESSIONS_MAX, in
   * one step, so a unit of one statement will do. False, and nothing has happened, if the account is no
   * longer what was read with the password's hash.
   */
  async function begin ({ tx, note }: Pick<UnitOfWork, 'tx' | 'note'>, opening: PreparedSession, user: User, { deviceId, deviceName, caller, amr }: {
    deviceId: string, deviceName: string | null, caller: Caller, amr: string[]
  }): Promise<boolean> {
    // The event and the changes are those that sql/014.do.sign-in.sql writes: see `signIn`.
    const event = audit.prepare({ event: 'authn_login_success', outcome: 'success', actorId: user.id, subject: user, sessionId: opening.id, caller })
    const evicted = await signIns.signIn(user, { ...opening, deviceId, deviceName, userAgent: caller.userAgent, ip: caller.ip, amr }, event, tx)
    if (!evicted) return false
    note(evicted.map(subjectId => ({ kind: 'session_ended', subjectId, exceptId: null, number: null, reason: 'evicted' })))
    return true
  }

  /** A session that has just been opened, as its user's first token shows it. */
  function tokensOf ({ id, transport, newest, now, expiresAt }: PreparedSession, user: User, { deviceId, amr }: { deviceId: string, amr: string[] }): SessionTokens {
    const { sessionEpoch: userEpoch, deploymentEpoch: globalEpoch } = user
    return hold({
      ...user, sessionId: id, transport, deviceId, amr, userEpoch, globalEpoch, expiresAt, authTime: now, lastSeenAt: now, floor: 0, endedAt: null, endedReason: null
    }, newest)
  }

  /**
   * The session behind a refresh token, with its newest token. Throws `invalid_token` for what this
   * deployment has not sealed for this transport, before any store is asked, and `session_ended` with
   * its reason; the replay of a superseded token ends the session (RFC 9700 §4.14.2); `vendor_suspended`, and
   * `rate_limited` for a rotation beyond RATE_LIMIT_REFRESH, after both of which the token is still the newest.
   */
  async function refresh ({ claims, transport }: PresentedToken, caller: Caller): Promise<SessionTokens> {
    if (claims?.transport !== transport) throw new Refusal('invalid_token')

    const state = await find(claims.sessionId)
    if (claims.generation < state.floor) throw await endReplayed(state, caller)
    if (isIdle(claims) && !await isSuperseded(claims)) throw new Refusal('session_ended', { reason: 'idle' })
    if (state.vendorStatus === 'suspended') throw new Refusal('vendor_suspended')

    const step = await hot.present(state.sessionId, claims, { floor: state.floor, lifetime: lifetimeOf(state) })
    if (step.outcome === 'reused') throw await endReplayed(state, caller)
    metrics.increment('refreshes', { outcome: step.outcome })
    if (step.counts.length) statuses.record(caller, { policy: 'refresh', counts: step.counts, isWithin: step.outcome !== 'limited' })
    if (step.outcome === 'limited') throw rateLimited(step)
    if (step.note) await noteOddity(state, step.note, caller)
    if (step.outcome === 'rotated') sightings.note(state, step.floor, clock.now())

    return hold(state, step)
  }

  /** The living session with this id; throws `session_ended` with the reason when there is none. */
  async function find (id: string): Promise<SessionState> {
    const state = await store.find(id)
    const reason = state ? await endOf(state) : 'expired'
    if (!state || reason) throw new Refusal('session_ended', { reason: reason ?? 'expired' })
    return state
  }

  /** The living session with this id, or null. */
  async function findAlive (id: string): Promise<SessionState | null> {
    const state = await store.find(id)
    return state && !await endOf(state) ? state : null
  }

  /** The living session with this id, or null, as it is under the lock of its user's row: nothing ends it before that is let go. */
  async function findLocked (tx: Transaction, id: string): Promise<SessionState | null> {
    const state = await store.find(id, tx)
    const isCurrent = state !== null && state.userEpoch >= state.sessionEpoch && state.globalEpoch >= state.deploymentEpoch
    return isCurrent && !state.endedReason && state.expiresAt.getTime() > clock.now() ? state : null
  }

  /** Whether no newer refresh token of the session is known. */
  async function isNewest ({ sessionId, generation, issuedAt }: RefreshClaims, { floor }: SessionState): Promise<boolean> {
    if (generation < floor || isIdle({ issuedAt })) return false
    return generation >= (await hot.newest(sessionId) ?? generation)
  }

  /** Rotates a session whose owner has just proved the password, after that has been committed. */
  async function advance (state: SessionState): Promise<SessionTokens> {
    return hold(state, await hot.advance(state.sessionId, { floor: state.floor, lifetime: lifetimeOf(state) }))
  }

  /** Ends one session; false if it had ended before. */
  async function end ({ tx, change }: UnitOfWork, sessionId: string, reason: EndReason): Promise<boolean> {
    const hasEnded = await store.end(tx, sessionId, reason, new Date(clock.now()))
    if (!hasEnded) return false
    metrics.increment('sessions_ended', { reason })
    await change({ kind: 'session_ended', subjectId: sessionId, reason })
    return true
  }

  /** Moves a living session's time of authentication. False when it is dead. */
  async function authenticateAgain (tx: Transaction, { sessionId, sessionEpoch }: SessionState, authTime: Date): Promise<boolean> {
    return await store.lift(tx, sessionId, { from: sessionEpoch, to: sessionEpoch, authTime, now: new Date(clock.now()) })
  }

  /**
   * Writes down all that the raise of a user's epoch means, for a caller who holds the lock of the user's row and has
   * raised the epoch there: every session of the user has ended, save the survivor if it was alive until then, which is
   * lifted; a change of address that waits ends with them, since one of them may have asked for it; every node is told;
   * the audit trail has the event of the cause. Returns whether there is a survivor, and the id of the event.
   */
  async function recordEpochRaise ({ tx, change }: UnitOfWork, { user, reason, survivor = null, authTime = null, event }: EpochRaise): Promise<{ hasSurvived: boolean, eventId: number }> {
    const { id: subjectId, sessionEpoch: number, version } = user
    const lift = { from: number - 1, to: number, authTime, now: new Date(clock.now()) }
    const hasSurvived = survivor !== null && await store.lift(tx, survivor, lift)
    await oneTimeTokens.revoke(tx, subjectId, ['email_change'])

    await change({ kind: 'user_epoch', subjectId, exceptId: hasSurvived ? survivor : null, number, reason })
    if (version !== undefined) await change({ kind: 'user_changed', subjectId, number: version })
    return { hasSurvived, eventId: await audit.record(tx, event) }
  }

  /** The session with this id whether it lives or not, null when it is unknown. */
  async function peek (id: string, query?: Query): Promise<SessionState | null> {
    return await store.find(id, query)
  }

  /**
   * How a session is refused under whose bearer something has changed: with the reason of its end, or,
   * if it has outlived a raise of the epoch, like its older access tokens (refresh, then try again).
   */
  async function refusalFor (id: string): Promise<Refusal> {
    const state = await store.find(id)
    const reason = state ? await endOf(state) : 'expired'
    return reason ? new Refusal('session_ended', { reason }) : new Refusal('invalid_token')
  }

  /** The user's living sessions, the one used last first. */
  async function list (userId: string) {
    return await store.list(userId, new Date(clock.now()))
  }

  function hold (state: SessionState, newest: Newest): SessionTokens {
    const { sessionId, transport } = state
    return { state, newest, refreshToken: refreshTokens.issue({ sessionId, transport, ...newest }) }
  }

  // The session has gone on without this token: no idle end, but a retry within the grace or a replay.
  async function isSuperseded ({ sessionId, generation }: RefreshClaims): Promise<boolean> {
    return generation < (await hot.newest(sessionId) ?? generation)
  }

  function isIdle ({ issuedAt }: { issuedAt: number }) {
    return clock.now() - issuedAt >= lifetimes.refreshTokenTtl
  }

  function lifetimeOf ({ expiresAt }: SessionState) {
    return Math.max(1, Math.min(lifetimes.refreshTokenTtl, expiresAt.getTime() - clock.now()))
  }

  async function endOf (state: SessionState): Promise<EndReason | null> {
    if (state.endedReason) return state.endedReason
    if (!state.id) return 'account_deleted'
    if (state.userEpoch < state.sessionEpoch || state.globalEpoch < state.deploymentEpoch) {
      return await changes.firstRaise({ ...state, userId: state.id }) ?? 'expired'
    }
    if (state.status === 'disabled') return 'account_disabled'
    return state.expiresAt.getTime() <= clock.now() ? 'expired' : null
  }

  // The first replay ends the session, leaves a row and a mail; a second one finds it ended.
  async function endReplayed (state: SessionState, caller: Caller): Promise<Refusal> {
    const { sessionId } = state
    await commit(async unit => {
      if (!await end(unit, sessionId, 'reuse_detected')) return
      const eventId = await audit.record(unit.tx, { event: 'authn_token_reuse', outcome: 'failure', subject: state, sessionId, caller })
      await jobs.send(unit.tx, 'mail', { kind: 'reuse_detected', userId: state.id, sessionId, eventId })
    })

    return await refusalFor(state.sessionId)
  }

  // The token has rotated by now. Whoever were refused would have to come back with a used one, after
  // the grace if the outage lasts: it costs the event then, not the session.
  async function noteOddity (state: SessionState, note: string, caller: Caller) {
    try {
      await audit.record(database, { event: 'authn_token_anomaly', outcome: 'success', reason: note, subject: state, sessionId: state.sessionId, caller })
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'unavailable')) throw error
    }
  }
}
