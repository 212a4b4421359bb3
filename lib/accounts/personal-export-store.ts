import type { EventRow } from '../audit/event.ts'
import type { Database } from '../stores/database.ts'

/** Rows as they are shown to the person whom they are about: by column, without what is withheld. */
type Rows = Promise<Record<string, unknown>[]>

/** Which rows of a list come next: those after this id, none after `last`. */
interface Page { after: number, last: number }

export type PersonalExportStore = ReturnType<typeof createPersonalExportStore>

/** So many rows are read at once, whatever their number. */
const pageLength = 500

/** Everything that lies here about one person. Long lists come in pages, each a statement of its own. */
export function createPersonalExportStore (db: Database) {
  return { knownDevices, oneTimeTokens, registrations, jobs, sessions, eventsAbout, eventsBy, pageLength }

  /** Ten at most. */
  async function knownDevices (userId: string): Rows {
    return await db`
      select device_id, created_at, last_used_at
      from known_devices
      where user_id = ${userId}
      order by created_at, device_id`
  }

  /** What lies in mailboxes. Not the ids: with the key of the deployment, the tokens are made from them. */
  async function oneTimeTokens (userId: string): Rows {
    return await db`
      select purpose, email, email_canonical, created_at, expires_at
      from one_time_tokens
      where user_id = ${userId}
      order by created_at, id
      limit ${pageLength}`
  }

  /** Sign-ups with the address, by whoever: not what they have typed beside it. */
  async function registrations (canonical: string): Rows {
    return await db`
      select email, email_canonical, role, created_at, code_expires_at
      from registrations
      where email_canonical = ${canonical}
      order by created_at, id
      limit ${pageLength}`
  }

  /** Mails that wait or have failed. */
  async function jobs (userId: string): Rows {
    return await db`
      select queue, data ->> 'kind' as kind, attempts, created_at, due_at, failed_at
      from jobs
      where coalesce(data ->> 'userId', data ->> 'registrationId', data ->> 'tokenId') = any(array(
        select ${userId}::text
        union all
        select id::text from one_time_tokens where user_id = ${userId}
      ))
      order by id
      limit ${pageLength}`
  }

  /** Sessions, living and ended, in the order of their ids. */
  async function sessions (userId: string, after: string | null): Promise<(Record<string, unknown> & { id: string })[]> {
    return await db<{ id: string }>`
      select id, transport, device_id, device_name, user_agent, host(ip) as ip, amr, auth_time,
             created_at, last_seen_at, expires_at, ended_at, ended_reason
      from sessions
      where user_id = ${userId}
        and id > ${after ?? '00000000-0000-0000-0000-000000000000'}
      order by id
      limit ${pageLength}`
  }

  // The id is compared together with whose event it is, so that a page comes from the index in its order: for
  // an equality the planner, which expects few, would read and sort all of them in each partition of the trail.
  async function eventsAbout (userId: string, { after, last }: Page): Promise<EventRow[]> {
    return await db<EventRow>`
      select a.id, a.at, a.event, a.outcome, a.reason, a.actor_id, a.subject_id, a.session_id, a.request_id, a.personal, k.wrapped_key
      from audit_events a
      left join subject_keys k on k.subject_id = a.subject_id
      where (a.subject_id, a.id) > (${userId}::uuid, ${after}::bigint)
        and (a.subject_id, a.id) <= (${userId}::uuid, ${last}::bigint)
      order by a.subject_id, a.id
      limit ${pageLength}`
  }

  /** What the user has done, to themself too: left out later, so that one statement never looks for long. */
  async function eventsBy (userId: string, { after, last }: Page): Promise<EventRow[]> {
    return await db<EventRow>`
      select a.id, a.at, a.event, a.outcome, a.reason, a.actor_id, a.subject_id, a.session_id, a.request_id, a.personal, null as wrapped_key
      from audit_events a
      where (a.actor_id, a.id) > (${userId}::uuid, ${after}::bigint)
        and (a.actor_id, a.id) <= (${userId}::uuid, ${last}::bigint)
      order by a.actor_id, a.id
      limit ${pageLength}`
  }
}
