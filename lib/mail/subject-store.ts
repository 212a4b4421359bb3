import type { Database } from '../stores/database.ts'

/** Somebody a mail can be written to: the stored address, never one that a request brought. */
export interface Reader {
  email: string
  fullName: string
  locale: string
}

/** An account that mails are written to. */
export interface Account extends Reader {
  id: string
  status: 'active' | 'disabled'
  approval: 'not_required' | 'pending' | 'approved' | 'rejected'
}

/** What the audit trail keeps of an event, with the key under which its subject's part is readable. */
export interface SealedEvent { event: string, personal: Buffer | null, wrappedKey: Buffer | null }

/** A sign-up that waits for its code, and the account that holds its address already, if there is one. */
export interface WaitingRegistration {
  email: string
  locale: string
  codeNumber: number
  codeExpiresAt: Date
  owner: Reader & { id: string } | null
}

export type MailSubjectStore = ReturnType<typeof createMailSubjectStore>

/** What mails are about, read when they are sent: jobs carry ids only. */
export function createMailSubjectStore (db: Database) {
  return { registration, account, accountAt, device, event, decision }

  async function registration (id: string): Promise<WaitingRegistration | null> {
    const [row] = await db<Omit<WaitingRegistration, 'owner'> & { ownerId: string | null, ownerEmail: string, ownerName: string, ownerLocale: string }>`
      select r.email, r.locale, r.code_number, r.code_expires_at,
             u.id as owner_id, u.email as owner_email, u.full_name as owner_name, u.locale as owner_locale
      from registrations r
      left join users u on u.email_canonical = r.email_canonical
      where r.id = ${id}`
    if (row === undefined) return null

    const { email, locale, codeNumber, codeExpiresAt, ownerId, ownerEmail, ownerName, ownerLocale } = row
    const owner = ownerId === null ? null : { id: ownerId, email: ownerEmail, fullName: ownerName, locale: ownerLocale }
    return { email, locale, codeNumber, codeExpiresAt, owner }
  }

  async function account (id: string): Promise<Account | null> {
    const [account] = await db<Account>`
      select id, email, full_name, locale, status, approval
      from users
      where id = ${id}`
    return account ?? null
  }

  /** Whose a canonical address is. */
  async function accountAt (canonical: string): Promise<Account | null> {
    const [account] = await db<Account>`
      select id, email, full_name, locale, status, approval
      from users
      where email_canonical = ${canonical}`
    return account ?? null
  }

  /** What the device of a session calls itself. */
  async function device (sessionId: string): Promise<string | null> {
    const [row] = await db<{ deviceName: string | null }>`
      select device_name
      from sessions
      where id = ${sessionId}`
    return row?.deviceName ?? null
  }

  /** An event, if it is about this subject and nobody else is known to have done it: from where an administrator came is not for them. */
  async function event (id: number, subjectId: string): Promise<SealedEvent | null> {
    const [event] = await db<SealedEvent>`
      select a.event, a.personal, k.wrapped_key
      from audit_events a
      left join subject_keys k on k.subject_id = a.subject_id
      where a.id = ${id}
        and a.subject_id = ${subjectId}
        and coalesce(a.actor_id, a.subject_id) = a.subject_id`
    return event ?? null
  }

  /** An event about this subject, whoever has decided it: for what was said, not for where they were. */
  async function decision (id: number, subjectId: string): Promise<SealedEvent | null> {
    const [event] = await db<SealedEvent>`
      select a.event, a.personal, k.wrapped_key
      from audit_events a
      left join subject_keys k on k.subject_id = a.subject_id
      where a.id = ${id}
        and a.subject_id = ${subjectId}`
    return event ?? null
  }
}
