import type { Jobs } from '../jobs/jobs.ts'
import type { Transaction } from '../stores/database.ts'
import type { HierarchyStore } from './hierarchy-store.ts'

export interface ApprovalParts {
  hierarchy: Pick<HierarchyStore, 'approvers'>
  jobs: Pick<Jobs, 'send'>
}

export type Approvals = ReturnType<typeof createApprovals>

/** At most this many approvers are notified of an applicant: one of them will react. */
const approversMax = 20

/** Applicants: accounts that have to be approved. */
export function createApprovals ({ hierarchy, jobs }: ApprovalParts) {
  return { announce }

  /** Queues mails to the approvers of a new applicant, in the transaction that creates the applicant. */
  async function announce (tx: Transaction, applicantId: string) {
    for (const userId of await hierarchy.approvers(tx, applicantId, approversMax)) {
      await jobs.send(tx, 'mail', { kind: 'approval', stage: 'pending', userId, applicantId })
    }
  }
}
