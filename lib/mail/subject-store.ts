import type { Database } from '../stores/database.ts'
import { isAdmitted } from '../users/user-store.ts'

/** A recipient of mails. The address is the stored one, never one from a request. */
export interface Reader {
  email: string
  fullName: string
  locale: string
}

/** An account that gets mails. */
export interface Account extends Reader {
  id: string
  status: 'active' | 'disabled'
  approval: 'not_required' | 'pending' | 'approved' | 'rejected'
  hasPassword: boolean
}

/** One text of an announcement, in Markdown. */
export interface AnnouncementText { language: string, subject: string, body: string }

/** What the audit trail keeps of an event, with the wrapped key that decrypts its personal data. */
export interface SealedEvent { event: string, personal: Buffer | null, wrappedKey: Buffer | null }

/** A registration that waits for its code, and the account that has its address already, if there is one. */
export interface WaitingRegistration {
  email: string
  locale: string
  codeId: string
  codeNumber: number
  codeExpiresAt: Date
  owner: Reader & { id: string } | null
}

/** The columns of the owner are null together. */
type RegistrationRow = Omit<WaitingRegistration, 'owner'> & {
  ownerId: string | null
  ownerEmail: string
  ownerName: string
  ownerLocale: string
}

export type MailSubjectStore = ReturnType<typeof createMailSubjectStore>

/** What mails are about. It is read when a mail is sent, because jobs contain ids only. */
export function createMailSubjectStore (db: Database) {
  return { registration, account, applicantsOf, accountAt, announcement, device, event, decision, addressChange }

  async function registration (id: string): Promise<WaitingRegistration | null> {
    const [row] = await db<RegistrationRow>`
      select r.email, r.locale, coalesce(r.code_id, r.id) as code_id, r.code_number, r.code_expires_at,
             u.id as owner_id, u.email as owner_email, u.full_name as owner_name, u.locale as owner_locale
      from registrations r
      left join users u on u.email_canonical = r.email_canonical
      where r.id = ${id}`
    if (row === undefined) return null

    const { ownerId, ownerEmail, ownerName, ownerLocale, ...registration } = row
    const owner = ownerId === null ? null : { id: ownerId, email: ownerEmail, fullName: ownerName, locale: ownerLocale }
    return { ...registration, owner }
  }

  async function account (id: string): Promise<Account | null> {
    const [account] = await db<Account>`
      select ${accountColumns(db)}
      from users
      where id = ${id}`
    return account ?? null
  }

  /**
   * Those of the accounts that wait for an approval and that a user may approve, in the order of the ids. The user may
   * have been disabled since their mail was queued, or have got another role.
   */
  async function applicantsOf (approverId: string, ids: string[]): Promise<Reader[]> {
    return await db<Reader>`
      select applicant.email, applicant.full_name, applicant.locale
      from users u
      join roles r on r.name = u.role
      join role_permissions p on p.role = r.name and p.permission = 'users:approve'
      left join vendors v on v.id = u.vendor_id
      join users applicant on applicant.id = any(${ids}::uuid[])
      join roles a on a.name = applicant.role
      where u.id = ${approverId}
        and ${isAdmitted(db)}
        and v.status is distinct from 'suspended'
        and applicant.approval = 'pending'
        and r.rank > a.rank
      order by array_position(${ids}::uuid[], applicant.id)`
  }

  /** The account with a canonical address. */
  async function accountAt (canonical: string): Promise<Account | null> {
    const [account] = await db<Account>`
      select ${accountColumns(db)}
      from users
      where email_canonical = ${canonical}`
    return account ?? null
  }

  /** The texts of an announcement, the one for all other languages first; none if there is no such announcement. */
  async function announcement (id: string): Promise<AnnouncementText[]> {
    const [row] = await db<{ texts: AnnouncementText[] }>`
      select texts
      from announcements
      where id = ${id}`
    return row?.texts ?? []
  }

  /** The name that the device of a session gave; null if it gave none. */
  async function device (sessionId: string): Promise<string | null> {
    const [row] = await db<{ deviceName: string | null }>`
      select device_name
      from sessions
      where id = ${sessionId}`
    return row?.deviceName ?? null
  }

  /**
   * An event about this subject, if no other user is known to have acted: the subject must not learn the address of an
   * administrator.
   */
  async function event (id: number, subjectId: string): Promise<SealedEvent | null> {
    const [event] = await db<SealedEvent>`
      select ${eventColumns(db)}
      from audit_events a ${keyJoin(db)}
      where a.id = ${id}
        and a.subject_id = ${subjectId}
        and coalesce(a.actor_id, a.subject_id) = a.subject_id`
    return event ?? null
  }

  /** An event about this subject, also one of another actor. Use the reason in it, not the address. */
  async function decision (id: number, subjectId: string): Promise<SealedEvent | null> {
    const [event] = await db<SealedEvent>`
      select ${eventColumns(db)}
      from audit_events a ${keyJoin(db)}
      where a.id = ${id}
        and a.subject_id = ${subjectId}`
    return event ?? null
  }

  /**
   * The first change of the address of this subject after an event; null if it has not been changed since. An undo does
   * not count: what waits goes to the owner who took the account back.
   */
  async function addressChange (eventId: number, subjectId: string): Promise<SealedEvent | null> {
    const [change] = await db<SealedEvent>`
      select ${eventColumns(db)}
      from audit_events a ${keyJoin(db)}
      where a.subject_id = ${subjectId}
        and a.id > ${eventId}
        and a.event = 'email_changed'
        and a.outcome = 'success'
      order by a.id
      limit 1`
    return change ?? null
  }
}

/** The columns of an `Account`. */
function accountColumns ({ fragment }: Database) {
  return fragment`id, email, full_name, locale, status, approval, password_hash is not null as has_password`
}

/** The columns of a `SealedEvent`: of the event `a`, and of what `keyJoin` adds. */
function eventColumns ({ fragment }: Database) {
  return fragment`a.event, a.personal, k.wrapped_key`
}

function keyJoin ({ fragment }: Database) {
  return fragment`
      left join subject_keys k on k.subject_id = a.subject_id`
}
