import type { Audit, AuditEvent } from '../audit/audit.ts'
import type { Clock } from '../clock.ts'
import type { EndReason } from '../errors.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Amendment, User, UserStore } from '../users/user-store.ts'
import type { AdminAction } from './admin-actions.ts'

export interface UserAmendmentParts {
  users: Pick<UserStore, 'amend'>
  sessions: Pick<Sessions, 'recordEpochRaise'>
  audit: Pick<Audit, 'record'>
  clock: Pick<Clock, 'now'>
}

/** How an amendment is recorded, and what follows from it. */
export interface AmendmentOptions {
  /** The name of the audit event. */
  event: string
  reason?: string
  /** Personal data of the audit event, besides the values before and after. */
  personal?: object
  /** The reason for which every session of the user ends; null if they go on. */
  endsBy?: EndReason | null
  /** Called in the transaction with the id of the audit event. */
  notify?: (eventId: number) => Promise<void>
}

export type UserAmendments = ReturnType<typeof createUserAmendments>

/** Changes of a user's row by an administrator. The audit event and the published change are written with each. */
export function createUserAmendments ({ users, sessions, audit, clock }: UserAmendmentParts) {
  return { amend }

  /** Changes the subject's row. The changed version makes older access tokens be judged by the new values. */
  async function amend (action: AdminAction, amendment: Amendment, options: AmendmentOptions) {
    const { tx, change, subject: { id } } = action
    const { endsBy = null, notify = async () => {} } = options
    const event = eventOf(action, amendment, options)
    const user = await users.amend(tx, id, amendment, { now: new Date(clock.now()), endsSessions: endsBy !== null })
    if (!user) throw new Error('a row that is locked is there')

    if (endsBy) {
      const { eventId } = await sessions.recordEpochRaise(action, { user: { id, ...user }, reason: endsBy, event })
      return await notify(eventId)
    }
    await change({ kind: 'user_changed', subjectId: id, number: user.version })
    await notify(await audit.record(tx, event))
  }
}

function eventOf (
  { subject, auditFields }: AdminAction, amendment: Amendment, { event, reason, personal }: AmendmentOptions
): AuditEvent {
  return {
    ...auditFields,
    event,
    ...reason !== undefined && { reason },
    personal: { ...beforeAndAfter(subject, amendment), ...personal }
  }
}

const columns = {
  fullName: 'full_name',
  locale: 'locale',
  role: 'role',
  vendorId: 'vendor_id',
  approval: 'approval',
  status: 'status',
  mustChangePassword: 'must_change_password'
} as const

/** The changed values under the names of their columns, before and after the amendment; empty without any. */
function beforeAndAfter (subject: User, amendment: Amendment) {
  const changed = Object.entries(columns).filter(([name]) => name in amendment)
  return changed.length === 0 ? {} : { before: valuesOf(subject), after: valuesOf(amendment) }

  function valuesOf (user: Amendment) {
    const values = new Map<string, unknown>(Object.entries(user))
    return Object.fromEntries(changed.map(([name, column]) => [column, values.get(name)]))
  }
}
