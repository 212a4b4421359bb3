import type { Actor } from '../access/authentication.ts'
import { assertMayStill } from '../accounts/actor-checks.ts'
import type { ActorCheckParts } from '../accounts/actor-checks.ts'
import type { Audit } from '../audit/audit.ts'
import { Refusal } from '../errors.ts'
import type { Cursors } from '../http/cursors.ts'
import type { Jobs } from '../jobs/jobs.ts'
import type { ListedJob, PlacedJob, QueueStore } from '../jobs/queue-store.ts'
import { failureClassOf } from '../mail/failure-class.ts'
import type { Database } from '../stores/database.ts'

export interface OutboxParts extends ActorCheckParts {
  database: Database
  queue: Pick<QueueStore, 'waiting' | 'failed' | 'retryFailed'>
  jobs: Pick<Jobs, 'wake'>
  audit: Pick<Audit, 'record'>
  cursors: Cursors
}

export type MailState = 'waiting' | 'failed'

export type Outbox = ReturnType<typeof createOutbox>

const mailQueue = 'mail'

/** The mails that are not sent yet, as administrators see them: nothing names a recipient or quotes a mail. */
export function createOutbox (parts: OutboxParts) {
  const { database, queue, jobs, audit, cursors } = parts

  return { list, retry }

  /**
   * A page of the mails that wait, those that are tried next first, or of those that failed, the latest first.
   * @throws Refusal `invalid_request` for a cursor of another list; `unavailable`
   */
  async function list ({ state, limit, cursor }: { state: MailState, limit: number, cursor?: string | undefined }) {
    const after = cursors.decrypt({ state }, cursor)
    const found = await queue[state](mailQueue, { after, limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      mails: page.map(present),
      next_cursor: found.length > limit && last ? cursors.encrypt({ state }, placeOf(last)) : null
    }
  }

  /**
   * Sends a mail that has failed, as if it had never been tried. Whether there is still something to say is decided
   * when it is sent: a link that has expired is not.
   * @throws Refusal `not_found`; `mail_not_failed`; as `assertMayStill`, if the actor may not do it any more;
   * `unavailable`
   */
  async function retry (id: number, by: Actor): Promise<void> {
    await database.begin(async tx => {
      await assertMayStill(parts, tx, by.principal, 'roles:write')
      const mail = await queue.retryFailed(tx, mailQueue, id)
      if (mail === null) throw new Refusal('not_found')
      if (!mail.isBegun) throw new Refusal('mail_not_failed')

      await audit.record(tx, {
        event: 'mail_retried',
        outcome: 'success',
        ...mail.kind !== null && { reason: mail.kind },
        actorId: by.principal.userId,
        subject: null,
        caller: by.caller,
        personal: { mail: id }
      })
    })
    jobs.wake(mailQueue)
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
