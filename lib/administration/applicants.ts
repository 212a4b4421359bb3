import type { Actor } from '../access/authentication.ts'
import { Refusal } from '../errors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { AdminAction, AdminActions } from './admin-actions.ts'
import type { UserAmendments } from './user-amendments.ts'

export type Applicants = ReturnType<typeof createApplicants>

export interface ApplicantParts {
  actions: Pick<AdminActions, 'perform'>
  amendments: UserAmendments
  jobs: Pick<Jobs, 'send'>
}

/** Decisions on applicants: users whose role requires approval. */
export function createApplicants ({ actions, amendments, jobs }: ApplicantParts) {
  return { approve, reject, admit }

  /**
   * Admits an applicant and mails them.
   * @throws Refusal `conflict` if the user needs no approval
   */
  async function approve (userId: string, by: Actor) {
    return await decide(userId, 'approved', by, admit)
  }

  /** Writes the approval of an applicant and mails them, in an action whose actor may approve. */
  async function admit (action: AdminAction) {
    const { tx, subject: { id } } = action
    await amendments.amend(action, { approval: 'approved' }, { event: 'user_approved' })
    await jobs.send(tx, 'mail', { kind: 'approval', stage: 'approved', userId: id, applicantId: id })
  }

  /**
   * Rejects an applicant, or a user who was approved before: every session of theirs ends. The mail to them contains
   * the reason. The reason is stored in the audit trail alone, where it is erased along with the user.
   * @throws Refusal `conflict` if the user needs no approval
   */
  async function reject (userId: string, reason: string | undefined, by: Actor) {
    return await decide(userId, 'rejected', by, async action => {
      await amendments.amend(action, { approval: 'rejected' }, {
        event: 'user_rejected',
        endsBy: 'revoked_by_admin',
        personal: { reason: reason ?? null },
        notify: eventId => mailRejection(action, eventId)
      })
    })
  }

  async function mailRejection ({ tx, subject: { id } }: AdminAction, eventId: number) {
    await jobs.send(tx, 'mail', { kind: 'approval', stage: 'rejected', userId: id, applicantId: id, eventId })
  }

  async function decide (
    userId: string, decision: 'approved' | 'rejected', by: Actor, work: (action: AdminAction) => Promise<void>
  ) {
    return await actions.perform(userId, by, async action => {
      const { approval } = action.subject
      if (approval === 'not_required') throw new Refusal('conflict')
      if (approval !== decision) await work(action)
    })
  }
}
