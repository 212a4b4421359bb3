import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Audit } from '../../audit/audit.ts'
import type { Occasion } from '../texts/kinds.ts'
import type { Job } from '../../jobs/job-store.ts'
import type { MailSubjectStore, SealedEvent } from '../subject-store.ts'

const withAddress = Type.Object({ email: Type.String() })

export interface OccasionParts {
  subjects: Pick<MailSubjectStore, 'event' | 'decision' | 'addressChange'>
  audit: Pick<Audit, 'read'>
}

export type Occasions = ReturnType<typeof createOccasions>

/** When and from where the thing happened that a notice reports: the job has the time, the audit trail the rest. */
export function createOccasions ({ subjects, audit }: OccasionParts) {
  return { occasionOf, reasonOf, addressBefore }

  /** The occasion. Parts that cannot be read (any more) are null: a notice that says less is better than none. */
  async function occasionOf ({ createdAt: at }: Job, userId: string, eventId: number | undefined): Promise<Occasion> {
    const personal = eventId === undefined ? null : read(await subjects.event(eventId, userId), userId)
    return { at, ip: textOf(personal?.['ip']), userAgent: textOf(personal?.['user_agent']) }
  }

  /** The reason that was given for a decision; null if none was given, or if it cannot be read (any more). */
  async function reasonOf (eventId: number, userId: string): Promise<string | null> {
    return textOf(read(await subjects.decision(eventId, userId), userId)?.['reason'])
  }

  /**
   * The address that an account had before it was changed for the first time after an event; null if it has not been
   * changed since, or if the trail cannot be read (any more).
   */
  async function addressBefore (eventId: number, userId: string): Promise<string | null> {
    const before = read(await subjects.addressChange(eventId, userId), userId)?.['before']
    return Value.Check(withAddress, before) ? before.email : null
  }

  function read (found: SealedEvent | null, userId: string) {
    if (found === null || found.personal === null) return null
    return audit.read(found.event, { id: userId, wrappedKey: found.wrappedKey }, found.personal)
  }
}

function textOf (value: unknown) {
  return typeof value === 'string' && value !== '' ? value : null
}
