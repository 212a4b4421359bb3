import type { Cursors } from '../http/cursors.ts'
import type { ListedJob, PlacedJob, QueueStore } from '../jobs/queue-store.ts'
import { failureClassOf } from '../mail/failure-class.ts'

export interface OutboxParts {
  queue: Pick<QueueStore, 'waiting' | 'failed'>
  cursors: Cursors
}

export type MailState = 'waiting' | 'failed'

export type Outbox = ReturnType<typeof createOutbox>

const mails = 'mail'

/** The mails that are not sent yet, as administrators see them: nothing names a recipient or quotes a mail. */
export function createOutbox ({ queue, cursors }: OutboxParts) {
  return { list }

  /**
   * A page of the mails that wait, those that are tried next first, or of those that failed, the latest first.
   * @throws Refusal `invalid_request` for a cursor of another list; `unavailable`
   */
  async function list ({ state, limit, cursor }: { state: MailState, limit: number, cursor?: string | undefined }) {
    const after = cursors.decrypt({ state }, cursor)
    const found = await queue[state](mails, { after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      mails: page.map(present),
      next_cursor: found.length > limit && last ? cursors.encrypt({ state }, placeOf(last)) : null
    }
  }
}

function placeOf ({ key, id }: PlacedJob) {
  return { key, id: String(id) }
}

function present ({ id, kind, attempts, attemptsMax, createdAt, dueAt, failedAt, error }: ListedJob) {
  return {
    id,
    kind,
    state: failedAt === null ? 'waiting' as const : 'failed' as const,
    attempts,
    attempts_max: attemptsMax,
    created_at: createdAt.toISOString(),
    due_at: failedAt === null ? dueAt.toISOString() : null,
    failed_at: failedAt?.toISOString() ?? null,
    failure: error === null ? null : failureClassOf(error)
  }
}
