import type { Jobs } from '../jobs/jobs.ts'
import type { Transaction } from '../stores/database.ts'
import type { HierarchyStore } from './hierarchy-store.ts'

export type Approvals = ReturnType<typeof createApprovals>

/** So many are told of an applicant: one of them will look. */
const most = 20

/** Applicants: accounts that somebody has to approve. */
export function createApprovals ({ hierarchy, jobs }: { hierarchy: Pick<HierarchyStore, 'approvers'>, jobs: Pick<Jobs, 'send'> }) {
  return { announce }

  /** Has those who may approve told that somebody waits for it, in the transaction that made the applicant. */
  async function announce (tx: Transaction, applicantId: string) {
    for (const userId of await hierarchy.approvers(tx, applicantId, most)) {
      await jobs.send(tx, 'mail', { kind: 'approval', stage: 'pending', userId, applicantId })
    }
  }
}
