import type { ChangeStore } from '../changes/change-store.ts'
import type { Clock } from '../clock.ts'
import { Refusal } from '../errors.ts'
import type { EndReason } from '../errors.ts'
import type { Query, Transaction } from '../stores/database.ts'
import { withoutMfa } from '../tokens/assurance.ts'
import type { Session, SessionState, SessionStore } from './session-store.ts'

export interface SessionLookUpParts {
  store: Pick<SessionStore, 'find' | 'list'>
  changes: Pick<ChangeStore, 'firstRaise'>
  clock: Pick<Clock, 'now'>
  /** For how long (ms) after its proof a second factor counts; null for as long as the session. */
  lifetimes: { secondFactorMaxAge: number | null }
}

export type SessionLookUps = ReturnType<typeof createSessionLookUps>

/**
 * Reads sessions from Postgres and judges whether they live, and by which methods their users are authenticated: a
 * second factor that was proved too long ago counts no more. Writes nothing.
 */
export function createSessionLookUps ({
  store, changes, clock, lifetimes: { secondFactorMaxAge }
}: SessionLookUpParts) {
  return { find, findAlive, findLocked, peek, list, refusalFor }

  /**
   * The living session with this id.
   * @throws Refusal `session_ended` with the reason, `expired` for an unknown id
   */
  async function find (id: string): Promise<SessionState> {
    const state = await read(id)
    const reason = state ? await endOf(state) : 'expired'
    if (!state || reason) throw new Refusal('session_ended', { reason: reason ?? 'expired' })
    return state
  }

  /** The living session with this id, or null. */
  async function findAlive (id: string): Promise<SessionState | null> {
    const state = await read(id)
    return state && !await endOf(state) ? state : null
  }

  /** The living session with this id, or null. The caller has locked the user's row, so nothing ends it meanwhile. */
  async function findLocked (tx: Transaction, id: string): Promise<SessionState | null> {
    const state = await read(id, tx)
    if (state === null || isLeftBehind(state)) return null
    return state.endedReason || isExpired(state) ? null : state
  }

  /** The session with this id, living or not; null when it is unknown. */
  async function peek (id: string, query?: Query): Promise<SessionState | null> {
    return await read(id, query)
  }

  /** The user's living sessions, the one used last first. */
  async function list (userId: string) {
    const sessions = await store.list(userId, new Date(clock.now()))
    return sessions.map(asOfNow)
  }

  /**
   * The error to answer when the session has changed while a request was at work: `session_ended` with its reason, or
   * `invalid_token` (refresh and try again) if the session lives on under a newer epoch.
   */
  async function refusalFor (id: string): Promise<Refusal> {
    const state = await store.find(id)
    const reason = state ? await endOf(state) : 'expired'
    return reason ? new Refusal('session_ended', { reason }) : new Refusal('invalid_token')
  }

  async function read (id: string, query?: Query): Promise<SessionState | null> {
    const state = await store.find(id, query)
    return state && asOfNow(state)
  }

  /**
   * The session with the methods that count now. Its second factor is as old as `authTime`; one that was added in the
   * session is some minutes younger.
   */
  function asOfNow<T extends Pick<Session, 'amr' | 'authTime'>> (session: T): T {
    const isOld = secondFactorMaxAge !== null && clock.now() - session.authTime.getTime() > secondFactorMaxAge
    return isOld ? { ...session, amr: withoutMfa(session.amr) } : session
  }

  /** Why the session has ended; null while it lives. */
  async function endOf (state: SessionState): Promise<EndReason | null> {
    if (state.endedReason) return state.endedReason
    if (!state.id) return 'account_deleted'
    if (isLeftBehind(state)) return await changes.firstRaise({ ...state, userId: state.id }) ?? 'expired'
    if (state.status === 'disabled') return 'account_disabled'
    return isExpired(state) ? 'expired' : null
  }

  function isExpired ({ expiresAt }: SessionState) {
    return expiresAt.getTime() <= clock.now()
  }
}

/** Whether an epoch has been raised since the session began and the session was not moved to the new one. */
function isLeftBehind ({ userEpoch, sessionEpoch, globalEpoch, deploymentEpoch }: SessionState) {
  return userEpoch < sessionEpoch || globalEpoch < deploymentEpoch
}
