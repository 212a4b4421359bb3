import type { AnnouncementText } from '../mail/subject-store.ts'
import type { Database, Transaction } from '../stores/database.ts'

/** An announcement, with how far it has come. */
export interface Announcement {
  id: string
  /** The last user, in the order of ids, for whom a mail was written. */
  afterId: string
  /** For how many users one was written. */
  recipients: number
  createdAt: Date
  completedAt: Date | null
}

/** To whom an announcement goes; a role of null stands for all roles. */
export interface Audience { role: string | null }

/** How many accounts have a language, as its primary subtag. */
export interface Readers { language: string, count: number }

export type AnnouncementStore = ReturnType<typeof createAnnouncementStore>

/** Announcements, and the accounts that get them: those that may sign in. */
export function createAnnouncementStore (db: Database) {
  return { find, add, lock, readers, next, advance, complete }

  async function find (digest: Buffer): Promise<Announcement | null> {
    const [found] = await db<Announcement>`
      select id, after_id, recipients, created_at, completed_at
      from announcements
      where digest = ${digest}`
    return found ?? null
  }

  /** Stores an announcement. Returns false if there is the same one already. */
  async function add (
    tx: Transaction, digest: Buffer, { role, texts }: Audience & { texts: AnnouncementText[] }
  ): Promise<boolean> {
    const added = await tx`
      insert into announcements (digest, role, texts)
      values (${digest}, ${role}, ${JSON.stringify(texts)}::text::jsonb)
      on conflict (digest) do nothing
      returning id`
    return added.length === 1
  }

  /** The announcement as it is now; others that want to go on with it wait until the transaction ends. */
  async function lock (tx: Transaction, id: string): Promise<Announcement | null> {
    const [found] = await tx<Announcement>`
      select id, after_id, recipients, created_at, completed_at
      from announcements
      where id = ${id}
      for update`
    return found ?? null
  }

  /** The languages of those who are still to get it; of all if it has not begun. */
  async function readers ({ role }: Audience, begun: Announcement | null): Promise<Readers[]> {
    return await db<Readers>`
      select lower(substring(locale from '^[A-Za-z]*')) as language, count(*)::int as count
      from users
      where id > ${begun?.afterId ?? firstId}
        and created_at <= coalesce(${begun?.createdAt ?? null}::timestamptz, now())
        and status = 'active'
        and approval in ('not_required', 'approved')
        and (role = ${role}::text or ${role}::text is null)
      group by 1
      order by 2 desc, 1`
  }

  /** The ids of the next users, at most `limit`. Accounts that were made later get none. */
  async function next (
    tx: Transaction, { role }: Audience, { afterId, createdAt }: Announcement, limit: number
  ): Promise<string[]> {
    const rows = await tx<{ id: string }>`
      select id
      from users
      where id > ${afterId}
        and created_at <= ${createdAt}
        and status = 'active'
        and approval in ('not_required', 'approved')
        and (role = ${role}::text or ${role}::text is null)
      order by id
      limit ${limit}`
    return rows.map(({ id }) => id)
  }

  async function advance (tx: Transaction, id: string, afterId: string, count: number): Promise<void> {
    await tx`
      update announcements
      set after_id = ${afterId}, recipients = recipients + ${count}
      where id = ${id}`
  }

  async function complete (tx: Transaction, id: string): Promise<void> {
    await tx`
      update announcements
      set completed_at = coalesce(completed_at, now())
      where id = ${id}`
  }
}

const firstId = '00000000-0000-0000-0000-000000000000'
