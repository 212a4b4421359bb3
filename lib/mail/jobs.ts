import type { Draft } from './drafts/draft.ts'
import { draftLinks } from './drafts/links.ts'
import type { LinkDraftParts } from './drafts/links.ts'
import { draftNotices } from './drafts/notices.ts'
import type { NoticeDraftParts } from './drafts/notices.ts'
import { createOccasions } from './drafts/occasions.ts'
import type { OccasionParts, Occasions } from './drafts/occasions.ts'
import { draftRegistrations } from './drafts/registrations.ts'
import type { RegistrationDraftParts } from './drafts/registrations.ts'
import type { Mailer } from './mailer.ts'
import { languageFor } from './texts/languages.ts'
import { MailFailure } from './transports.ts'
import { PermanentFailure } from '../jobs/failures.ts'
import type { Metrics } from '../operations/metrics.ts'
import type { Job } from '../jobs/job-store.ts'

type DraftParts = RegistrationDraftParts & LinkDraftParts & NoticeDraftParts & OccasionParts

interface Parts extends Omit<DraftParts, keyof Occasions> {
  mailer: Pick<Mailer, 'deliver'>
  metrics: Pick<Metrics, 'increment'>
}

/**
 * Does the jobs of the queue `mail`. The recipient and the mail are chosen when the job is done: so a request does the
 * same work for every address, and the queue contains neither recipients nor codes.
 */
export function createMailJobs ({ mailer, metrics, ...parts }: Parts) {
  const occasions = createOccasions(parts)
  const drafts = new Map<unknown, Draft>(Object.entries({
    ...draftRegistrations(parts),
    ...draftLinks({ ...parts, ...occasions }),
    ...draftNotices({ ...parts, ...occasions })
  }))

  for (const kind of Object.keys(languageFor('en').mails)) {
    for (const outcome of ['sent', 'failed', 'refused', 'bounced']) metrics.increment('mails', { kind, outcome }, 0)
  }
  return { deliver }

  /**
   * Sends the mail of a job, and the same one again if the job is run again. Without a recipient the job is done.
   * @throws TypeError for a job of an unknown kind or with other data
   * @throws PermanentFailure if the mail bounced or the server refused it for good, else MailFailure
   */
  async function deliver (job: Job): Promise<void> {
    const draft = drafts.get(job.data['kind'])
    if (draft === undefined) throw new TypeError('The job is of no kind of mail that is known here.')

    const mail = await draft(job)
    if (mail === null) return

    await mailer.deliver(mail).catch(error => {
      const isPermanent = error instanceof MailFailure && error.isPermanent
      const outcome = isPermanent ? error.isBounce ? 'bounced' : 'refused' : 'failed'
      metrics.increment('mails', { kind: mail.kind, outcome })
      throw isPermanent ? new PermanentFailure(error.message) : error
    })
    metrics.increment('mails', { kind: mail.kind, outcome: 'sent' })
  }
}
