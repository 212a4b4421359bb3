import { Readable } from 'node:stream'
import type { Audit } from '../audit/audit.ts'
import type { EventRow } from '../audit/event.ts'
import type { Caller } from '../http/caller.ts'
import type { Principal } from '../access/authentication.ts'
import type { Clock } from '../clock.ts'
import type { RateLimits } from '../throttling/rate-limits.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Database } from '../stores/database.ts'
import type { PersonalExportStore } from './personal-export-store.ts'
import type { SessionState } from '../sessions/session-store.ts'

/** The JSON text as it is sent. */
export type PersonalExport = Readable

export interface PersonalExportParts {
  database: Database
  exports: PersonalExportStore
  sessions: Pick<Sessions, 'find'>
  rateLimits: Pick<RateLimits, 'count'>
  audit: Pick<Audit, 'record' | 'createReader'>
  clock: Pick<Clock, 'now'>
}

/** The export of everything that is stored about a person, for that person. */
export function createPersonalExports ({ database, exports, sessions, rateLimits, audit, clock }: PersonalExportParts) {
  return { exportMe }

  /**
   * Everything that is stored about the user who asks, as one JSON text. It is read page by page while it is sent, so
   * it may be long. If a store fails on the way, the text ends early and is no JSON, so that nobody takes it for
   * complete.
   * @throws Refusal `session_ended`; `rate_limited`; `unavailable`
   */
  async function exportMe (
    { userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>,
    caller: Caller
  ): Promise<PersonalExport> {
    return await rateLimits.count({ policy: 'export', caller, userId }, async () => {
      // Read from the store: a session that has just been ended on another node must not get all of this.
      const state = await sessions.find(sessionId)
      const last = await audit.record(database, {
        event: 'sensitive_read',
        outcome: 'success',
        reason: 'export',
        actorId: userId,
        subject: state,
        sessionId,
        caller
      })
      return Readable.from(write(state, last), { objectMode: false })
    })
  }

  async function * write (state: SessionState, last: number): AsyncGenerator<string> {
    const { id, emailCanonical } = state

    yield `{"exported_at":${JSON.stringify(new Date(clock.now()))},"account":${JSON.stringify(accountOf(state))}`
    yield * section('known_devices', [await exports.knownDevices(id)])
    yield * section('totp_secrets', [await exports.totpSecrets(id)])
    yield * section('passkeys', [await exports.passkeys(id)])
    yield * section('recovery_codes', [await exports.recoveryCodes(id)])
    yield * section('one_time_tokens', [await exports.oneTimeTokens(id)])
    yield * section('registrations', [await exports.registrations(emailCanonical)])
    yield * section('jobs', [await exports.jobs(id)])
    yield * section('sessions', sessionsOf(id))
    yield * section('audit_events', eventsAbout(id, last))
    yield * section('acts', eventsBy(id, last))
    yield '}\n'
  }

  async function * sessionsOf (userId: string) {
    for (let after: string | null = null, isMore = true; isMore;) {
      const page: (Record<string, unknown> & { id: string })[] = await exports.sessions(userId, after)
      yield page
      after = page.at(-1)?.id ?? null
      isMore = page.length === exports.pageRows
    }
  }

  async function * eventsAbout (userId: string, last: number) {
    for await (const page of pagesOf(after => exports.eventsAbout(userId, { after, last }))) {
      const read = audit.createReader()
      yield page.map(event => presentEvent(event, userId, read(event)))
    }
  }

  // The personal data of an event about another subject belongs to that subject, so it is left out. In an event without
  // a subject it is the user's own.
  async function * eventsBy (userId: string, last: number) {
    for await (const page of pagesOf(after => exports.eventsBy(userId, { after, last }))) {
      const read = audit.createReader()
      yield page
        .filter(({ subjectId }) => subjectId !== userId)
        .map(event => presentEvent(event, userId, event.subjectId === null ? read(event) : null))
    }
  }

  async function * pagesOf (read: (after: number) => Promise<EventRow[]>) {
    for (let after = 0, isMore = true; isMore;) {
      const page = await read(after)
      yield page
      after = page.at(-1)?.id ?? after
      isMore = page.length === exports.pageRows
    }
  }
}

async function * section (name: string, pages: Iterable<object[]> | AsyncIterable<object[]>): AsyncGenerator<string> {
  let separator = ''

  yield `,${JSON.stringify(name)}:[`
  for await (const page of pages) {
    if (page.length === 0) continue
    yield separator + page.map(row => JSON.stringify(columnsOf(row))).join(',')
    separator = ','
  }
  yield ']'
}

/** A row under the names of its columns. In JSON its times are in RFC 3339. */
function columnsOf (row: object) {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [columnOf(name), value]))
}

function columnOf (name: string) {
  return name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

function accountOf (user: SessionState) {
  return {
    id: user.id,
    email: user.email,
    email_canonical: user.emailCanonical,
    email_verified: user.emailVerified,
    password: user.passwordHash === null ? null : { scheme: schemeOf(user.passwordHash) },
    full_name: user.fullName,
    locale: user.locale,
    role: user.role,
    vendor_id: user.vendorId,
    status: user.status,
    approval: user.approval,
    must_change_password: user.mustChangePassword,
    two_step: user.twoStep,
    last_login_at: user.lastLoginAt,
    created_at: user.createdAt,
    updated_at: user.updatedAt
  }
}

/** The name of the hash function, from the beginning of a hash. */
function schemeOf (hash: string) {
  const [, word = 'unknown'] = /^\$?([a-z0-9_-]+)\$/i.exec(hash) ?? []
  return /^2[abxy]$/.test(word) ? 'bcrypt' : word
}

// Another user who acted, for example an administrator, is not named; nor are the client address and the user agent of
// that user, which are in the event. An event without a known actor, such as a failed sign-in, keeps them.
function presentEvent (row: EventRow, userId: string, personal: Record<string, unknown> | null) {
  const { id, at, event, outcome, reason, actorId, sessionId, requestId } = row
  const actor = actorId === null ? null : actorId === userId ? 'self' : 'other'
  const shown = personal && actor === 'other' ? withoutOrigin(personal) : personal
  return { id, at, event, outcome, reason, actor, sessionId, requestId, personal: shown }
}

function withoutOrigin ({ ip: _ip, user_agent: _userAgent, ...rest }: Record<string, unknown>) {
  return rest
}
