import type { Database } from './database.ts'

/** Somebody a mail can be written to: the stored address, never one that a request brought. */
export interface Reader {
  email: string
  fullName: string
  locale: string
}

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
  return { registration, user, device }

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

  async function user (id: string): Promise<Reader | null> {
    const [row] = await db<Reader>`
      select email, full_name, locale
      from users
      where id = ${id}`
    return row ?? null
  }

  /** What the device of a session calls itself. */
  async function device (sessionId: string): Promise<string | null> {
    const [row] = await db<{ deviceName: string | null }>`
      select device_name
      from sessions
      where id = ${sessionId}`
    return row?.deviceName ?? null
  }
}
