import type { EventRow } from '../audit/event.ts'
import { subjectOf } from '../jobs/job-store.ts'
import type { Database } from '../stores/database.ts'

/** Rows as the person whom they are about may see them: by column, without the columns that are withheld. */
type Rows = Promise<Record<string, unknown>[]>

/** The next rows of a list: those with ids above `after`, up to `last`. */
interface Page { after: number, last: number }

export type PersonalExportStore = ReturnType<typeof createPersonalExportStore>

/** How many rows one statement reads at most. */
const pageRows = 500

/** Everything that is stored about one person. Long lists are read in pages, each by a statement of its own. */
export function createPersonalExportStore (db: Database) {
  return {
    knownDevices,
    totpSecrets,
    passkeys,
    recoveryCodes,
    oneTimeTokens,
    registrations,
    jobs,
    sessions,
    eventsAbout,
    eventsBy,
    pageRows
  }

  /** The devices that the account knows: ten at most. */
  async function knownDevices (userId: string): Rows {
    return await db`
      select device_id, created_at, last_used_at, second_factor_at, remembered_at
      from known_devices
      where user_id = ${userId}
      order by created_at, device_id`
  }

  /** The user's authenticator apps: one, and perhaps one that waits for its first code. Without their secrets. */
  async function totpSecrets (userId: string): Rows {
    return await db`
      select id, created_at, confirmed_at, last_used_at
      from totp_secrets
      where user_id = ${userId}
      order by created_at, id`
  }

  /** The user's passkeys, without their keys and without what an authenticator knows them by. */
  async function passkeys (userId: string): Rows {
    return await db`
      select id, name, aaguid, transports, user_verified, discoverable, backup_eligible, backed_up, rp_id, created_at,
             last_used_at
      from passkeys
      where user_id = ${userId}
      order by created_at, id`
  }

  /** The recovery codes that are left, by number. */
  async function recoveryCodes (userId: string): Rows {
    return await db`
      select number, created_at
      from recovery_codes
      where user_id = ${userId}
      order by number`
  }

  /** The tokens that were mailed, without their ids: from an id and the key of the deployment the token can be made. */
  async function oneTimeTokens (userId: string): Rows {
    return await db`
      select purpose, email, email_canonical, created_at, expires_at
      from one_time_tokens
      where user_id = ${userId}
      order by created_at, id
      limit ${pageRows}`
  }

  /** The registrations of the address, which may be other people's: without the names and passwords in them. */
  async function registrations (canonical: string): Rows {
    return await db`
      select email, email_canonical, role, created_at, code_expires_at
      from registrations
      where email_canonical = ${canonical}
      order by created_at, id
      limit ${pageRows}`
  }

  /** The mails that wait or have failed. */
  async function jobs (userId: string): Rows {
    return await db`
      select queue, data ->> 'kind' as kind, attempts, created_at, due_at, failed_at
      from jobs
      where ${subjectOf(db)} = any(array(
        select ${userId}::text
        union all
        select id::text from one_time_tokens where user_id = ${userId}
      ))
      order by id
      limit ${pageRows}`
  }

  /** Sessions, alive and ended, in the order of their ids. */
  async function sessions (
    userId: string,
    after: string | null
  ): Promise<(Record<string, unknown> & { id: string })[]> {
    return await db<{ id: string }>`
      select id, transport, device_id, device_name, user_agent, host(ip) as ip, amr, auth_time,
             created_at, last_seen_at, expires_at, ended_at, ended_reason
      from sessions
      where user_id = ${userId}
        and id > ${after ?? '00000000-0000-0000-0000-000000000000'}
      order by id
      limit ${pageRows}`
  }

  // The id is compared together with the subject, so that a page is read from the index in its order. For an equality
  // of the subject the planner, which expects few rows, would read and sort all of them in each partition of the trail.
  async function eventsAbout (userId: string, { after, last }: Page): Promise<EventRow[]> {
    return await db<EventRow>`
      select a.id, a.at, a.event, a.outcome, a.reason, a.actor_id, a.subject_id, a.session_id, a.request_id,
             a.personal, k.wrapped_key
      from audit_events a
      left join subject_keys k on k.subject_id = a.subject_id
      where (a.subject_id, a.id) > (${userId}::uuid, ${after}::bigint)
        and (a.subject_id, a.id) <= (${userId}::uuid, ${last}::bigint)
      order by a.subject_id, a.id
      limit ${pageRows}`
  }

  /**
   * The events of which the user is the actor, including those about themself. These are left out later: a statement
   * that skipped them could search for long.
   */
  async function eventsBy (userId: string, { after, last }: Page): Promise<EventRow[]> {
    return await db<EventRow>`
      select a.id, a.at, a.event, a.outcome, a.reason, a.actor_id, a.subject_id, a.session_id, a.request_id,
             a.personal, null as wrapped_key
      from audit_events a
      where (a.actor_id, a.id) > (${userId}::uuid, ${after}::bigint)
        and (a.actor_id, a.id) <= (${userId}::uuid, ${last}::bigint)
      order by a.actor_id, a.id
      limit ${pageRows}`
  }
}
