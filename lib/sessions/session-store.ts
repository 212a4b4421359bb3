import type { EndReason } from '../errors.ts'
import type { Transport } from './refresh-tokens.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import { userColumns, userJoins } from '../users/user-store.ts'
import type { User } from '../users/user-store.ts'

/** The durable record of a session. Times are dates, the epochs those under which its password was checked. */
export interface Session {
  sessionId: string
  transport: Transport
  deviceId: string
  amr: string[]
  authTime: Date
  userEpoch: number
  globalEpoch: number
  /** The lowest generation of its refresh token that is not a replay, whatever Redis remembers. */
  floor: number
  lastSeenAt: Date
  expiresAt: Date
  endedAt: Date | null
  endedReason: EndReason | null
}

/** A session with its user and the epochs that hold now. */
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

/** What a user sees of a session. */
export interface SessionSummary {
  id: string
  transport: Transport
  deviceName: string | null
  userAgent: string | null
  ip: string | null
  createdAt: Date
  lastSeenAt: Date
  expiresAt: Date
}

export type SessionStore = ReturnType<typeof createSessionStore>

/** Unseen for more than `unseen` milliseconds, a session is not shown in lists any more: it is idle. */
export function createSessionStore (db: Database, { unseen }: { unseen: number }) {
  return { find, end, lift, list }

  /** One read by primary keys of all that a refresh is judged by; null when the session is unknown. */
  async function find (sessionId: string, query: Query = db): Promise<SessionState | null> {
    const [state] = await query<SessionState>`
      select s.id as session_id, s.transport, s.device_id, s.amr, s.auth_time, s.user_epoch, s.global_epoch, s.floor,
             s.last_seen_at, s.expires_at, s.ended_at, s.ended_reason, ${userColumns(query)}
      from sessions s
      left join users u on u.id = s.user_id ${userJoins(query)}
      where s.id = ${sessionId}`
    return state ?? null
  }

  /**
   * Ends one living session; false if something else has ended it before. The user's row is locked
   * first, in a statement of its own: one that waited behind a raise of the epoch would go on to compare
   * the lifted session with the epoch from before, and spare it.
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
      from users u, deployment d
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
   * Moves a living session from the epoch it lives under to the one that holds now, so that it
   * outlives a raise, and its time of authentication when the password has just been checked. False
   * when it no longer lives.
   */
  async function lift (tx: Transaction, sessionId: string, { from, to, authTime = null, now }: {
    from: number, to: number, authTime?: Date | null, now: Date
  }): Promise<boolean> {
    const lifted = await tx`
      update sessions
      set user_epoch = ${to}, auth_time = coalesce(${authTime}, auth_time), last_seen_at = ${now}
      where id = ${sessionId}
        and user_epoch = ${from}
        and global_epoch = (select session_epoch from deployment)
        and ended_at is null
        and expires_at > ${now}
      returning id`
    return lifted.length === 1
  }

  /** The user's living sessions, the one used last first; at most a hundred. */
  async function list (userId: string, now: Date): Promise<SessionSummary[]> {
    return await db<SessionSummary>`
      select s.id, s.transport, s.device_name, s.user_agent, host(s.ip) as ip, s.created_at, s.last_seen_at, s.expires_at
      from users u
      cross join deployment d
      join sessions s on s.user_id = u.id and s.user_epoch = u.session_epoch and s.global_epoch = d.session_epoch
      where u.id = ${userId}
        and s.ended_at is null
        and s.expires_at > ${now}
        and s.last_seen_at > ${new Date(now.getTime() - unseen)}
      order by s.last_seen_at desc
      limit 100`
  }
}
