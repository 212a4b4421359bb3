import type { EndReason } from '../errors.ts'
import type { Transport } from './refresh-tokens.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import { userColumns, userJoins } from '../users/user-store.ts'
import type { User } from '../users/user-store.ts'

/** The durable record of a session. `userEpoch` and `globalEpoch` are the epochs under which the session lives. */
export interface Session {
  sessionId: string
  transport: Transport
  deviceId: string
  amr: string[]
  authTime: Date
  userEpoch: number
  globalEpoch: number
  /** The lowest generation of its refresh token that is not a replay, also if Redis has lost the session's record. */
  floor: number
  lastSeenAt: Date
  expiresAt: Date
  endedAt: Date | null
  endedReason: EndReason | null
  /** The id of the reset of second factors by which it was opened: it may do nothing but add a factor. Else null. */
  factorReset: string | null
}

/** A session with its user and the current epochs. */
export type SessionState = Session & User

export interface NewSession {
  id: string
  transport: Transport
  deviceId: string
  deviceName: string | null
  userAgent: string | null
  ip: string
  amr: string[]
  now: Date
  expiresAt: Date
}

/** The part of a session that lists are made of. */
export interface SessionSummary {
  id: string
  deviceId: string
  transport: Transport
  deviceName: string | null
  userAgent: string | null
  ip: string | null
  amr: string[]
  authTime: Date
  createdAt: Date
  lastSeenAt: Date
  expiresAt: Date
}

export type SessionStore = ReturnType<typeof createSessionStore>

/** A session that was last seen more than `idleAfterMs` milliseconds ago is idle: `list` leaves it out. */
export function createSessionStore (db: Database, { idleAfterMs }: { idleAfterMs: number }) {
  return { find, end, lift, list }

  /** Everything that decides about a refresh, in one read by primary keys; null when the session is unknown. */
  async function find (sessionId: string, query: Query = db): Promise<SessionState | null> {
    const [state] = await query<SessionState>`
      select s.id as session_id, s.transport, s.device_id, s.amr, s.auth_time, s.user_epoch, s.global_epoch, s.floor,
             s.last_seen_at, s.expires_at, s.ended_at, s.ended_reason, s.factor_reset, ${userColumns(query)}
      from sessions s
      left join users u on u.id = s.user_id ${userJoins(query)}
      where s.id = ${sessionId}`
    return state ?? null
  }

  /**
   * Ends one living session; false if it had ended before. A statement of its own locks the user's row first. A single
   * statement that had to wait for a raise of the epoch would then compare the lifted session with the old epoch, and
   * not end it.
   */
  async function end (tx: Transaction, sessionId: string, reason: EndReason, now: Date): Promise<boolean> {
    await tx`
      select u.id
      from users u
      where u.id = (select user_id from sessions where id = ${sessionId})
      for share`
    const ended = await tx`
      update sessions s
      set ended_at = ${now}, ended_reason = ${reason}
      from users u, (select session_epoch from deployment limit 1) d
      where s.id = ${sessionId}
        and s.ended_at is null
        and s.expires_at > ${now}
        and u.id = s.user_id
        and s.user_epoch = u.session_epoch
        and s.global_epoch = d.session_epoch
      returning s.id`
    return ended.length === 1
  }

  /**
   * Moves a living session from the user's epoch `from` to the epoch `to`, so that it survives a raise. Also sets its
   * time and methods of authentication, if they have just changed; with two factors a session that a reset has opened
   * becomes one like any other. When it was last seen stays for a sighting, which writes the floor together with it.
   * Returns false if the session has ended.
   */
  async function lift (tx: Transaction, sessionId: string, { from, to, authTime, amr, now }: {
    from: number
    to: number
    authTime?: Date | undefined
    amr?: string[] | undefined
    now: Date
  }): Promise<boolean> {
    const lifted = await tx`
      update sessions
      set user_epoch = ${to},
          auth_time = coalesce(${authTime ?? null}, auth_time),
          amr = coalesce(${amr ?? null}, amr),
          factor_reset = case when ${amr?.includes('mfa') ?? false} then null else factor_reset end
      where id = ${sessionId}
        and user_epoch = ${from}
        and global_epoch = (select session_epoch from deployment)
        and ended_at is null
        and expires_at > ${now}
      returning id`
    return lifted.length === 1
  }

  /** The user's living sessions that are not idle, the one used last first; at most a hundred. */
  async function list (userId: string, now: Date): Promise<SessionSummary[]> {
    return await db<SessionSummary>`
      select s.id, s.device_id, s.transport, s.device_name, s.user_agent, host(s.ip) as ip, s.amr, s.auth_time,
             s.created_at, s.last_seen_at, s.expires_at
      from users u
      cross join (select session_epoch from deployment limit 1) d
      join sessions s on s.user_id = u.id and s.user_epoch = u.session_epoch and s.global_epoch = d.session_epoch
      where u.id = ${userId}
        and s.ended_at is null
        and s.expires_at > ${now}
        and s.last_seen_at > ${new Date(now.getTime() - idleAfterMs)}
      order by s.last_seen_at desc
      limit 100`
  }
}
