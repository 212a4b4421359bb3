import type { EndReason } from '../../lib/errors.ts'
import type { Change } from '../../lib/changes/change.ts'
import type { Cursor, Tail } from '../../lib/changes/change-store.ts'
import type { SessionState } from '../../lib/sessions/session-store.ts'
import type { Plants } from './plants.ts'

/** A row of `sessions`; times in milliseconds. */
export interface SessionRow {
  id: string
  userId: string
  userEpoch: number
  globalEpoch: number
  floor: number
  lastSeenAt: number
  expiresAt: number
  endedReason: EndReason | null
}

interface ChangeRow extends Change { seq: number, xid: number, at: number }

/** Everything that a transaction may change and others see only after its commit. */
interface Tables {
  sessions: SessionRow[]
  user: { id: string, epoch: number, status: 'active' | 'disabled', version: number }
  globalEpoch: number
}

/** A transaction: its own view of the tables, and the rows of the feed that it has written. */
export interface Draft extends Tables {
  xid: number
  written: ChangeRow[]
  /** Its commit is under way, and no operation waits for it any more. */
  isLeft: boolean
}

export type Postgres = ReturnType<typeof createPostgres>

const userId = '00000000-0000-4000-8000-0000000000aa'

/**
 * Postgres as the sessions of one user need it. Every transaction of ours takes the same row locks (the user's, the
 * session's), so one lock stands for them all: readers see what is committed and never wait. Transactions have numbers,
 * and rows of the feed become visible with their commit.
 */
export function createPostgres (plants: Plants, now: () => number) {
  let tables: Tables = { sessions: [], user: { id: userId, epoch: 0, status: 'active', version: 1 }, globalEpoch: 0 }
  let open: Draft | null = null
  let nextXid = 100
  let nextSeq = 1
  let foreign: number | null = null
  const changes: ChangeRow[] = []

  return {
    insert,
    state,
    isAlive,
    begin,
    commit,
    rollBack,
    write,
    append,
    end,
    lift,
    since,
    recent,
    firstRaise,
    others,
    hold,
    release,
    get tables () { return tables },
    get isLocked () { return open !== null },
    get isHeld () { return foreign !== null }
  }

  function insert (row: Pick<SessionRow, 'id' | 'lastSeenAt' | 'expiresAt'>) {
    tables.sessions.push({ userId, userEpoch: 0, globalEpoch: 0, floor: 0, endedReason: null, ...row })
  }

  /** The committed fields of a session that lib reads. */
  function state (id: string): SessionState | null {
    const row = tables.sessions.find(session => session.id === id)
    const { user, globalEpoch } = tables
    return row
      ? {
          ...person,
          id: user.id,
          status: user.status,
          version: user.version,
          sessionEpoch: user.epoch,
          deploymentEpoch: globalEpoch,
          sessionId: row.id,
          userEpoch: row.userEpoch,
          globalEpoch: row.globalEpoch,
          floor: plants.has('the floor is not looked at') ? 0 : row.floor,
          lastSeenAt: new Date(row.lastSeenAt),
          expiresAt: new Date(row.expiresAt),
          endedAt: row.endedReason ? new Date(row.lastSeenAt) : null,
          endedReason: row.endedReason
        }
      : null
  }

  /** The schema's definition of a live session: not ended, not expired, under the epochs in force. */
  function isAlive (id: string, { sessions, user, globalEpoch }: Tables = tables) {
    const row = sessions.find(session => session.id === id)
    return row !== undefined && row.endedReason === null && row.expiresAt > now() &&
      row.userEpoch === user.epoch && row.globalEpoch === globalEpoch && user.status === 'active'
  }

  function begin (): Draft {
    if (open) throw new Error('the rows are locked')
    open = { ...structuredClone(tables), xid: nextXid++, written: [], isLeft: false }
    return open
  }

  function commit (draft: Draft) {
    if (draft !== open) throw new Error('there is no such transaction')
    const { xid, written, isLeft, ...committed } = draft
    tables = committed
    changes.push(...written)
    open = null
  }

  function rollBack (draft: Draft) {
    if (draft === open) open = null
  }

  /** One statement in a transaction of its own. */
  function write (work: (draft: Draft) => void) {
    const draft = begin()
    work(draft)
    commit(draft)
  }

  function append (draft: Draft, { kind, subjectId = null, exceptId = null, number = null, reason = null }: Pick<Change, 'kind'> & Partial<Change>): Change {
    const change = { kind, subjectId, exceptId: told(exceptId), number, reason }
    draft.written.push({ ...change, seq: nextSeq++, xid: draft.xid, at: now() })
    return change
  }

  function told (exceptId: string | null) {
    if (plants.has('the exception of a raise is not told')) return null
    if (exceptId && plants.has('the exception of a raise is somebody else')) return tables.sessions.find(({ id }) => id !== exceptId)?.id ?? null
    return exceptId
  }

  function end (draft: Draft, id: string, reason: EndReason): boolean {
    if (!isAlive(id, draft)) return false
    for (const row of draft.sessions) if (row.id === id) row.endedReason = reason
    return true
  }

  function lift (draft: Draft, id: string, from: number, to: number): boolean {
    const lives = (row: SessionRow) => row.userEpoch === from &&
      row.globalEpoch === draft.globalEpoch &&
      !row.endedReason &&
      row.expiresAt > now()
    const lifted = draft.sessions.filter(row => lives(row) && (row.id === id || plants.has('a raise lifts every session')))
    for (const row of lifted) row.userEpoch = to
    return lifted.some(row => row.id === id)
  }

  function since ({ snapshot }: Cursor): Tail {
    if (plants.has('the feed goes on by seq')) return tail(({ seq }) => seq >= Number(snapshot))
    const [xmin = 0, xmax = 0, ...running] = snapshot.split(/[:,]/).filter(Boolean).map(Number)
    return tail(({ xid }) => xid >= xmin && !(xid < xmax && !running.includes(xid)))
  }

  function recent (milliseconds: number): Tail {
    const back = plants.has('the feed starts at its end') ? 0 : milliseconds
    return tail(({ at }) => at > now() - back)
  }

  function tail (isWanted: (row: ChangeRow) => boolean): Tail {
    const read = changes.filter(isWanted).sort((a, b) => a.seq - b.seq)
    return {
      changes: read.map(({ kind, subjectId, exceptId, number, reason }) => ({
        kind,
        subjectId,
        exceptId,
        number,
        reason
      })),
      next: { snapshot: plants.has('the feed goes on by seq') ? String(highestSeq() + 1) : snapshot(), server: 'the only one' },
      time: now()
    }
  }

  // The notation of Postgres: the oldest running transaction, the next to begin, and all that run.
  function snapshot () {
    const running = [open?.xid, foreign].filter(xid => typeof xid === 'number').sort((a, b) => a - b)
    return `${running[0] ?? nextXid}:${nextXid}:${running.join(',')}`
  }

  function highestSeq () {
    return changes.reduce((highest, { seq }) => Math.max(highest, seq), 0)
  }

  function firstRaise (
    { sessionId, userEpoch, globalEpoch }: { sessionId: string, userEpoch: number, globalEpoch: number }
  ): EndReason | null {
    const raise = changes.filter(({ kind, number, exceptId }) => number !== null && (
      (kind === 'user_epoch' && number > userEpoch && exceptId !== sessionId) || (kind === 'everyone' && number > globalEpoch)
    )).sort((a, b) => a.seq - b.seq)[0]
    return raise?.reason ?? null
  }

  /** A change by another client, committed at once: later than every open transaction. */
  function others () {
    changes.push({ kind: 'user_changed', subjectId: '00000000-0000-4000-8000-0000000000bb', exceptId: null, number: nextXid, reason: null, seq: nextSeq++, xid: nextXid++, at: now() })
  }

  /** Another client's transaction, which stays open and keeps the feed's cursor back. */
  function hold () {
    foreign = nextXid++
  }

  function release () {
    foreign = null
  }
}

const person = {
  email: 'ada@example.com',
  emailCanonical: 'ada@example.com',
  emailVerified: true,
  passwordHash: 'hash',
  fullName: 'Ada King',
  locale: 'en',
  role: 'user',
  userType: 'user',
  vendorId: null,
  vendorStatus: null,
  approval: 'not_required' as const,
  mustChangePassword: false,
  twoStep: false,
  factorPolicy: 'optional' as const,
  factorPolicyFrom: new Date(0),
  hasFactor: false,
  lastLoginAt: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
  wrappedKey: null,
  transport: 'bearer' as const,
  factorReset: null,
  deviceId: '00000000-0000-4000-8000-0000000000cc',
  amr: ['pwd'],
  authTime: new Date(0)
}
