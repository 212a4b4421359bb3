import type { AnnouncementText } from '../mail/subject-store.ts'
import type { Database, Transaction } from '../stores/database.ts'
import { isAdmitted } from '../users/user-store.ts'

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

/** What was counted among some users, how many those are, and the id of the last one; null where no user is left. */
export interface ReadersPart { users: number, last: string | null, languages: Readers[] }

/** Those who get it next, and the id up to which they were looked for; null where no user is left. */
export interface NextPart { ids: string[], last: string | null }

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

  /**
   * Counts, among the next users after an id, at most 1,000, those to whom it goes. The limit is part of the text: so
   * whatever the planner knows of the table, it reads no more.
   * @param createdAt of the announcement, after which no account gets it; null before it has begun
   */
  async function readers (
    { role }: Audience, { afterId, createdAt }: { afterId: string, createdAt: Date | null }
  ): Promise<ReadersPart> {
    const rows = await db<PartRow>`
      with part as materialized (
        select id, locale, role, status, approval, created_at
        from users
        where id > ${afterId}
        order by id
        limit 1000
      ), whole as (
        select count(*)::int as users, (select id from part order by id desc limit 1) as last
        from part
      ), counted as (
        select lower(substring(locale from '^[A-Za-z]*')) as language, count(*)::int as count
        from part u
        where created_at <= coalesce(${createdAt}::timestamptz, now())
          and ${isAdmitted(db)}
          and (role = ${role}::text or ${role}::text is null)
        group by 1
      )
      select w.users, w.last, c.language, c.count
      from whole w
      left join counted c on true`
    const [{ users, last } = { users: 0, last: null }] = rows
    return { users, last, languages: rows.filter(isCounted).map(({ language, count }) => ({ language, count })) }
  }

  /**
   * Those to whom it goes among the next users after an id, at most `limit`. Reads at most 1,000 users, as `readers`
   * does. Accounts that were made later than the announcement get none.
   */
  async function next (
    { role }: Audience, { afterId, createdAt }: Pick<Announcement, 'afterId' | 'createdAt'>, limit: number
  ): Promise<NextPart> {
    const rows = await db<{ last: string | null, id: string | null }>`
      with part as materialized (
        select id, role, status, approval, created_at
        from users
        where id > ${afterId}
        order by id
        limit 1000
      ), chosen as materialized (
        select id
        from part u
        where created_at <= ${createdAt}
          and ${isAdmitted(db)}
          and (role = ${role}::text or ${role}::text is null)
        order by id
        limit ${limit}
      ), whole as (
        select (select id from part order by id desc limit 1) as last
      )
      select w.last, c.id
      from whole w
      left join chosen c on true
      order by c.id`
    const ids = rows.flatMap(({ id }) => id ?? [])
    return { ids, last: ids.length < limit ? rows[0]?.last ?? null : ids.at(-1) ?? null }
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

type PartRow = Omit<ReadersPart, 'languages'> & (Readers | { language: null, count: null })

// If the letter goes to none of them, the other columns come in a row without a language.
function isCounted (row: PartRow): row is PartRow & Readers {
  return row.language !== null
}
