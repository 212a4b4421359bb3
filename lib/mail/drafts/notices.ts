import { Type } from '@sinclair/typebox'
import type { Static } from '@sinclair/typebox'
import type { Mail } from '../mailer.ts'
import type { Applicant, Topic } from '../texts/kinds.ts'
import { languageFor } from '../texts/languages.ts'
import { readMarkdown } from '../texts/markdown.ts'
import { asName } from '../texts/plain-text.ts'
import type { EncryptedRecipients } from '../recipients.ts'
import type { Job } from '../../jobs/job-store.ts'
import type { MailSubjectStore, Reader } from '../subject-store.ts'
import { on, to } from './draft.ts'
import type { Occasions } from './occasions.ts'

export interface NoticeDraftParts {
  subjects: Pick<MailSubjectStore, 'account' | 'applicantsOf' | 'announcement' | 'device'>
  recipients: Pick<EncryptedRecipients, 'decrypt'>
  occasionOf: Occasions['occasionOf']
  reasonOf: Occasions['reasonOf']
  addressBefore: Occasions['addressBefore']
  appUrl: string
}

const userId = Type.String()
const sessionId = Type.String()
const eventId = Type.Optional(Type.Integer())
const how = Type.Optional(Type.Union([Type.Literal('changed'), Type.Literal('reset')]))
/** The kind of a bucket. Jobs that wait have the name of earlier versions for it. */
const lane = Type.Union([Type.Literal('strangers'), Type.Literal('device'), Type.Literal('session')])
const what = Type.Union([Type.Literal('passkey'), Type.Literal('totp')])
const stage = Type.Union([Type.Literal('pending'), Type.Literal('approved'), Type.Literal('rejected')])
const reason = Type.Optional(Type.String())
const ofApplicant = Type.Object({ userId, applicantId: Type.String(), stage, reason, eventId })
const ofApplicants = Type.Object({
  userId,
  stage: Type.Literal('gathered'),
  applicantIds: Type.Array(Type.String()),
  more: Type.Integer()
})

/** At most this many applicants are named in one mail. */
const namesMax = 20

/** The mails that tell people what has happened to their account. A deleted account gets none. */
export function draftNotices (parts: NoticeDraftParts) {
  const { subjects, recipients, occasionOf, reasonOf, addressBefore, appUrl } = parts

  return {
    email_changed_new: on(Type.Object({ userId, eventId }), (cause, job) =>
      tell(cause, job, { kind: 'email_changed', values: { stage: 'arrived' } })),

    password_changed: on(Type.Object({ userId, how, eventId }), ({ how = 'changed', ...cause }, job) =>
      tell(cause, job, { kind: 'password_changed', values: { how, appUrl } })),

    new_device: on(Type.Object({ userId, sessionId, eventId }), async ({ sessionId, ...cause }, job) => {
      const hasPassword = await hasPasswordNow(cause.userId)
      return await tell(cause, job, { kind: 'new_device', values: { device: await deviceOf(sessionId), hasPassword, appUrl } })
    }),

    // Guesses at a password that does not exist are no news.
    locked: on(Type.Object({ userId, lane, until: Type.String(), eventId }), async ({ lane, until, ...cause }, job) =>
      await hasPasswordNow(cause.userId)
        ? await tell(cause, job, { kind: 'locked', values: { bucket: lane, until: new Date(until), appUrl } })
        : null),

    reuse_detected: on(Type.Object({ userId, sessionId, eventId }), async ({ sessionId, ...cause }, job) =>
      tell(cause, job, { kind: 'reuse_detected', values: { device: await deviceOf(sessionId), appUrl } })),

    second_factor_added: on(Type.Object({ userId, eventId }), (cause, job) =>
      tell(cause, job, { kind: 'second_factor_added', values: { appUrl } })),

    second_factor_removed: on(Type.Object({ userId, eventId }), (cause, job) =>
      tell(cause, job, { kind: 'second_factor_removed', values: { appUrl } })),

    second_factor_reset_finished: on(Type.Object({ userId, eventId }), (cause, job) =>
      tell(cause, job, { kind: 'second_factor_reset', values: { stage: 'finished', appUrl } })),

    second_factors_removed: on(Type.Object({ userId, eventId }), async (cause, job) => {
      const hasPassword = await hasPasswordNow(cause.userId)
      return await tell(cause, job, { kind: 'second_factor_reset', values: { stage: 'removed', hasPassword, appUrl } })
    }),

    passkey_added: on(Type.Object({ userId, eventId }), (cause, job) =>
      tell(cause, job, { kind: 'passkey_added', values: { appUrl } })),

    factor_removed: on(Type.Object({ userId, what, eventId }), ({ what, ...cause }, job) =>
      tell(cause, job, { kind: 'factor_removed', values: { what, appUrl } })),

    password_removed: on(Type.Object({ userId, eventId }), (cause, job) =>
      tell(cause, job, { kind: 'password_removed', values: { appUrl } })),

    recovery_codes_renewed: on(Type.Object({ userId, eventId }), (cause, job) =>
      tell(cause, job, { kind: 'recovery_codes_renewed', values: { appUrl } })),

    recovery_code_used: on(Type.Object({ userId, left: Type.Integer(), eventId }), ({ left, ...cause }, job) =>
      tell(cause, job, { kind: 'recovery_code_used', values: { left, appUrl } })),

    password_known: on(Type.Object({ userId, until: Type.String(), eventId }), ({ until, ...cause }, job) =>
      tell(cause, job, { kind: 'password_known', values: { until: new Date(until), appUrl } })),

    // If the decision has changed since, another mail reports that. The address of the approver is not told.
    approval: on(Type.Union([ofApplicant, ofApplicants]), async (cause, job) => {
      if (cause.stage === 'gathered') return await tellOfApplicants(cause, job)
      if (cause.stage === 'pending') {
        return await tellOfApplicants({ userId: cause.userId, applicantIds: [cause.applicantId], more: 0 }, job)
      }

      const { userId, applicantId, stage, reason = null, eventId } = cause
      const applicant = await subjects.account(applicantId)
      if (applicant?.approval !== stage) return null

      switch (stage) {
        case 'approved': return await tell({ userId }, job, { kind: 'approval', values: { stage, appUrl } })
        case 'rejected': {
          const said = eventId === undefined ? reason : await reasonOf(eventId, applicantId)
          return await tell({ userId }, job, { kind: 'approval', values: { stage, reason: said } })
        }
      }
    }),

    // The frame is in the language of the text, which need not be the reader's.
    announcement: on(Type.Object({ userId, announcementId: Type.String() }), async ({ userId, announcementId }) => {
      const [account, texts] = [await subjects.account(userId), await subjects.announcement(announcementId)]
      const [first] = texts
      if (account?.status !== 'active' || first === undefined) return null

      const text = texts.find(({ language }) => language === languageFor(account.locale).tag) ?? first
      return {
        kind: 'announcement',
        ...to(account),
        locale: text.language,
        about: `${announcementId} ${userId}`,
        values: { subject: text.subject, body: readMarkdown(text.body) }
      }
    }),

    account_deleted: on(Type.Object({ recipient: Type.String() }), async ({ recipient }, job) => {
      const reader = recipients.decrypt(recipient)
      if (reader === null) {
        throw new Error('The recipient of the job cannot be decrypted: ENCRYPTION_KEY may have been replaced.')
      }

      return {
        kind: 'account_deleted',
        ...to(reader),
        about: String(job.id),
        values: {},
        occasion: { at: job.createdAt, ip: null, userAgent: null }
      }
    })
  }

  /**
   * One mail about applicants. Those who have been decided on meanwhile are left out, and those whom the reader may not
   * approve any more.
   */
  async function tellOfApplicants (
    { userId, applicantIds, more }: Pick<Static<typeof ofApplicants>, 'userId' | 'applicantIds' | 'more'>, job: Job
  ) {
    const waiting = await subjects.applicantsOf(userId, applicantIds)
    const [applicant, ...others] = waiting
    if (applicant === undefined) return null

    const named = waiting.slice(0, namesMax).map(shown)
    return await tell({ userId }, job, {
      kind: 'approval',
      values: others.length + more === 0
        ? { stage: 'pending', applicant: shown(applicant), appUrl }
        : { stage: 'gathered', applicants: named, more: waiting.length - named.length + more, appUrl }
    })
  }

  async function tell (
    { userId, eventId }: { userId: string, eventId?: number }, job: Job, topic: Topic
  ): Promise<Mail | null> {
    const account = await subjects.account(userId)
    if (account === null) return null

    // Otherwise a thief who changes the address while mails wait would get what warns the owner.
    const before = eventId === undefined ? null : await addressBefore(eventId, userId)
    const reader = { ...account, email: before ?? account.email }
    return { ...topic, ...to(reader), about: String(job.id), occasion: await occasionOf(job, userId, eventId) }
  }

  /** Whether the account has a password. */
  async function hasPasswordNow (userId: string): Promise<boolean> {
    return (await subjects.account(userId))?.hasPassword ?? false
  }

  /** The name that the device of a session gave, fit for a mail. */
  async function deviceOf (sessionId: string): Promise<string | null> {
    const name = await subjects.device(sessionId)
    return asName(name ?? '', 60) || null
  }
}

function shown ({ fullName, email }: Reader): Applicant {
  return { name: asName(fullName), email }
}
