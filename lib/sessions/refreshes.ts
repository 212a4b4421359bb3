import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { rateLimited } from '../http/rate-limit-status.ts'
import type { RateLimitStatuses } from '../http/rate-limit-status.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Transaction } from '../stores/database.ts'
import type { HotSessions, Step } from './hot-session-store.ts'
import type { PresentedToken } from './presented-token.ts'
import type { RefreshClaims, RefreshTokens } from './refresh-tokens.ts'
import type { SessionLookUps } from './session-look-ups.ts'
import type { SessionState, SessionStore } from './session-store.ts'
import { issueRefreshToken } from './session-tokens.ts'
import type { SessionTokens } from './session-tokens.ts'
import type { Sightings } from './sightings.ts'
import type { TokenReplays } from './token-replays.ts'

export interface RefreshParts {
  store: Pick<SessionStore, 'lift'>
  hot: Pick<HotSessions, 'assertInTime' | 'present' | 'advance' | 'newest'>
  lookUps: Pick<SessionLookUps, 'find'>
  replays: TokenReplays
  refreshTokens: RefreshTokens
  sightings: Pick<Sightings, 'note'>
  metrics: Pick<Metrics, 'increment'>
  statuses: Pick<RateLimitStatuses, 'record'>
  clock: Pick<Clock, 'now'>
  /** Milliseconds without a refresh after which a session ends. */
  lifetimes: { refreshTokenTtl: number }
}

/** Rotates the refresh tokens of living sessions. */
export function createRefreshes ({
  store, hot, lookUps, replays, refreshTokens, sightings, metrics, statuses, clock, lifetimes: { refreshTokenTtl }
}: RefreshParts) {
  return { refresh, isNewest, authenticateAgain, assertCanAdvance: hot.assertInTime, advance }

  /**
   * The session behind a refresh token, with its newest token. The replay of a superseded token ends the session
   * (RFC 9700 §4.14.2), unless nothing shows that its successor ever arrived: then the session goes on from it. After
   * `vendor_suspended` and `rate_limited` the token is still the newest.
   * @throws Refusal `invalid_token` for a token that this deployment has not signed for this transport, before any
   * store is asked; `session_ended` with its reason; `vendor_suspended`; `rate_limited` for a rotation beyond
   * RATE_LIMIT_REFRESH; `unavailable`
   */
  async function refresh ({ claims, transport }: PresentedToken, caller: Caller): Promise<SessionTokens> {
    if (claims?.transport !== transport) throw new Refusal('invalid_token')

    const state = await lookUps.find(claims.sessionId)
    if (claims.generation < state.floor) throw await replays.endReplayed(state, caller)
    if (isIdle(claims) && !await isSuperseded(claims)) throw new Refusal('session_ended', { reason: 'idle' })
    if (state.vendorStatus === 'suspended') throw new Refusal('vendor_suspended')

    const step = await hot.present(state.sessionId, claims, { floor: state.floor, lifetimeMs: lifetimeMsOf(state) })
    if (step.outcome === 'reused') throw await replays.endReplayed(state, caller)
    count(step, caller)
    if (step.outcome === 'limited') throw rateLimited(step)
    if (step.note) await replays.recordAnomaly(state, step.note, caller)
    if (step.outcome === 'rotated') sightings.note(state, step.floor, clock.now())

    return issueRefreshToken(refreshTokens, state, step)
  }

  /**
   * Whether this refresh token is known to be the session's newest, and has not expired. False where Redis has lost the
   * session's record, or writes of it: then nobody knows.
   */
  async function isNewest (
    { sessionId, generation, issuedAt }: RefreshClaims,
    { floor }: Pick<SessionState, 'floor'>
  ): Promise<boolean> {
    if (generation < floor || isIdle({ issuedAt })) return false
    return generation === await hot.newest(sessionId)
  }

  /**
   * Sets when and how a session's user was authenticated, after the user has proved everything that the account needs.
   * False if the session has ended.
   */
  async function authenticateAgain (
    tx: Transaction,
    { sessionId, sessionEpoch }: SessionState,
    proof: { authTime: Date, amr: string[] }
  ): Promise<boolean> {
    const now = new Date(clock.now())
    return await store.lift(tx, sessionId, { ...proof, from: sessionEpoch, to: sessionEpoch, now })
  }

  /**
   * Rotates the token of a session whose user has just been authenticated again, or whose epoch was raised by its own
   * request. Call it after the transaction is committed.
   */
  async function advance (state: SessionState): Promise<SessionTokens> {
    const { sessionId, floor } = state
    const step = await hot.advance(sessionId, { floor, lifetimeMs: lifetimeMsOf(state) })
    sightings.note(state, step.floor, clock.now())
    return issueRefreshToken(refreshTokens, state, step)
  }

  function count (step: Exclude<Step, { outcome: 'reused' }>, caller: Caller) {
    const { outcome, counts } = step
    const isResumed = outcome === 'rotated' && step.note === 'resumed'
    metrics.increment('refreshes', { outcome: isResumed ? 'resumed' : outcome })
    if (counts.length) statuses.record(caller, { policy: 'refresh', counts, isWithin: outcome !== 'limited' })
  }

  // If the session has gone on without this token, it is not idle: the token is a retry within the grace or a replay.
  async function isSuperseded ({ sessionId, generation }: RefreshClaims): Promise<boolean> {
    return generation < (await hot.newest(sessionId) ?? generation)
  }

  function isIdle ({ issuedAt }: Pick<RefreshClaims, 'issuedAt'>) {
    return clock.now() - issuedAt >= refreshTokenTtl
  }

  /** How long Redis keeps the record: until the session ends, by inactivity or at its absolute end. */
  function lifetimeMsOf ({ expiresAt }: SessionState) {
    return Math.max(1, Math.min(refreshTokenTtl, expiresAt.getTime() - clock.now()))
  }
}
