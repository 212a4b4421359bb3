import type { Audit } from '../../audit/audit.ts'
import type { Occasion } from '../texts/kinds.ts'
import type { Job } from '../../jobs/job-store.ts'
import type { MailSubjectStore, SealedEvent } from '../subject-store.ts'

export interface OccasionParts {
  subjects: Pick<MailSubjectStore, 'event' | 'decision'>
  audit: Pick<Audit, 'read'>
}

export type Occasions = ReturnType<typeof createOccasions>

/** When and from where the thing happened that a notice reports: the job has the time, the audit trail the rest. */
export function createOccasions ({ subjects, audit }: OccasionParts) {
  return { occasionOf, reasonOf }

  /** The occasion. Parts that cannot be read (any more) are null: a notice that says less is better than none. */
  async function occasionOf ({ createdAt: at }: Job, userId: string, eventId: number | undefined): Promise<Occasion> {
    const personal = eventId === undefined ? null : read(await subjects.event(eventId, userId), userId)
    return { at, ip: textOf(personal?.['ip']), userAgent: textOf(personal?.['user_agent']) }
  }

  /** The reason that was given for a decision; null if none was given, or if it cannot be read (any more). */
  async function reasonOf (eventId: number, userId: string): Promise<string | null> {
    return textOf(read(await subjects.decision(eventId, userId), userId)?.['reason'])
  }

  function read (found: SealedEvent | null, userId: string) {
    if (found === null || found.personal === null) return null
    return audit.read(found.event, { id: userId, wrappedKey: found.wrappedKey }, found.personal)
  }
}

function textOf (value: unknown) {
  return typeof value === 'string' && value !== '' ? value : null
}
