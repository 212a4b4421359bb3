import type { GatheringStore } from '../jobs/gathering-store.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { Database, Transaction } from '../stores/database.ts'
import type { Applicant, HierarchyStore } from './hierarchy-store.ts'

export interface ApprovalParts {
  database: Database
  hierarchy: Pick<HierarchyStore, 'approvers' | 'applicants'>
  gathering: GatheringStore
  jobs: Pick<Jobs, 'send'>
}

export type Approvals = ReturnType<typeof createApprovals>

/** At most this many approvers are notified of an applicant: one of them will react. */
const approversMax = 20

/** Approvers get at most one mail about applicants in this time (ms), so that many applications bury nobody. */
const intervalMs = 60 * 60_000

/**
 * At most about this many applicants are gathered, however many strangers apply: approvers find the others in the list
 * of users.
 */
const gatheredMax = 500

/** The job of a mail has the ids of at most this many applicants, and the number of the others. */
const applicantsMax = 200

/** Applicants wait in this queue until the interval ends; then its worker calls `announceGathered`. */
export const applicationQueue = 'applications'

/** Applicants: accounts that have to be approved. */
export function createApprovals ({ database, hierarchy, gathering, jobs }: ApprovalParts) {
  return { announce, announceGathered }

  /**
   * Queues mails to the approvers of a new applicant, in the transaction that creates the applicant. If they got one
   * within the last hour, the applicant waits for the next.
   */
  async function announce (tx: Transaction, applicantId: string) {
    if (!await gathering.begin(tx, applicationQueue, intervalMs)) {
      // The account's owner can export and erase the job by this field.
      return await gathering.add(tx, applicationQueue, { userId: applicantId }, { intervalMs, causesMax: gatheredMax })
    }

    for (const userId of await hierarchy.approvers(tx, applicantId, approversMax)) {
      await jobs.send(tx, 'mail', { kind: 'approval', stage: 'pending', userId, applicantId })
    }
  }

  /** Queues one mail to each approver about the gathered applicants whom they may approve and who still wait. */
  async function announceGathered () {
    await database.begin(async tx => {
      const causes = await gathering.collect(tx, applicationQueue)
      const applicants = await hierarchy.applicants(tx, causes.map(({ userId }) => String(userId)))
      if (applicants.length === 0) return

      await gathering.begin(tx, applicationQueue, intervalMs)
      for (const [userId, ids] of await byApprover(tx, applicants)) {
        const [applicantIds, more] = [ids.slice(0, applicantsMax), Math.max(0, ids.length - applicantsMax)]
        await jobs.send(tx, 'mail', { kind: 'approval', stage: 'gathered', userId, applicantIds, more })
      }
    })
  }

  /** The ids of the applicants for each approver. Applicants with one role have the same approvers. */
  async function byApprover (tx: Transaction, applicants: Applicant[]) {
    const approversByRole = new Map<string, string[]>()
    const found = new Map<string, string[]>()

    for (const { id, role } of applicants) {
      const approvers = approversByRole.get(role) ?? await hierarchy.approvers(tx, id, approversMax)
      approversByRole.set(role, approvers)
      for (const userId of approvers) {
        const ids = found.get(userId) ?? []
        ids.push(id)
        found.set(userId, ids)
      }
    }
    return found
  }
}
