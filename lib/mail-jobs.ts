import type { Clock } from './clock.ts'
import type { Codes } from './codes.ts'
import type { Mail, Mailer } from './mailer.ts'
import type { MailValues } from './mails/kinds.ts'
import type { Metrics } from './metrics.ts'
import type { Job } from './stores/jobs.ts'
import type { MailSubjectStore } from './stores/mail-subjects.ts'

/** The data of a job in the queue `mail`: why somebody gets one. Ids only. */
export type MailCause =
  | { kind: 'registration', registrationId: string }
  | { kind: 'reuse_detected', userId: string, sessionId: string }
  | { kind: 'password_changed', userId: string }
  | { kind: 'locked', userId: string, lane: MailValues['locked']['lane'], until: string }

interface Parts {
  subjects: MailSubjectStore
  mailer: Mailer
  codes: Codes
  clock: Pick<Clock, 'now'>
  metrics: Pick<Metrics, 'increment'>
  appUrl: string
}

/**
 * Does the jobs of the queue `mail`. Who gets which mail is decided when it is sent: so a request
 * does the same work for every address, and neither a recipient nor a code lies in the queue.
 */
export function createMailJobs ({ subjects, mailer, codes, clock, metrics, appUrl }: Parts) {
  return { deliver }

  /** Sends the mail of a job; again the same one when it is run again. Nobody left to write to: done. */
  async function deliver (job: Job): Promise<void> {
    const mail = await mailFor(job)
    if (mail === null) return

    await mailer.deliver(mail).catch(error => {
      metrics.increment('mails', { kind: mail.kind, outcome: 'failed' })
      throw error
    })
    metrics.increment('mails', { kind: mail.kind, outcome: 'sent' })
  }

  async function mailFor (job: Job): Promise<Mail | null> {
    const cause = causeOf(job.data)

    switch (cause.kind) {
      case 'registration': return registrationMail(cause.registrationId)
      case 'reuse_detected': return reuseMail(cause.userId, cause.sessionId, job.createdAt)
      case 'password_changed': return passwordMail(cause.userId, job)
      case 'locked': return lockMail(cause, job)
    }
  }

  /** The owner of the address learns that somebody tried; whoever has no account yet gets the code. */
  async function registrationMail (id: string): Promise<Mail | null> {
    const registration = await subjects.registration(id)
    if (registration === null) return null

    const { owner, email, locale, codeNumber, codeExpiresAt } = registration
    if (owner !== null) {
      return { kind: 'already_registered', to: owner.email, locale: owner.locale, about: id, values: { name: owner.fullName, appUrl } }
    }

    const minutes = Math.ceil((codeExpiresAt.getTime() - clock.now()) / 60_000)
    if (minutes <= 0) return null
    return {
      kind: 'verify_email',
      to: email,
      locale,
      about: `${id} ${codeNumber}`,
      values: { code: codes.codeFor('verify_email', id, codeNumber), minutes }
    }
  }

  async function reuseMail (userId: string, sessionId: string, at: Date): Promise<Mail | null> {
    const [reader, device] = [await subjects.user(userId), await subjects.device(sessionId)]
    if (reader === null) return null

    return {
      kind: 'reuse_detected',
      to: reader.email,
      locale: reader.locale,
      about: sessionId,
      values: { name: reader.fullName, device, at, appUrl }
    }
  }

  async function passwordMail (userId: string, job: Job): Promise<Mail | null> {
    const reader = await subjects.user(userId)
    if (reader === null) return null

    return {
      kind: 'password_changed',
      to: reader.email,
      locale: reader.locale,
      about: String(job.id),
      values: { name: reader.fullName, at: job.createdAt, appUrl }
    }
  }

  async function lockMail ({ userId, lane, until }: Extract<MailCause, { kind: 'locked' }>, job: Job): Promise<Mail | null> {
    const reader = await subjects.user(userId)
    if (reader === null) return null

    return {
      kind: 'locked',
      to: reader.email,
      locale: reader.locale,
      about: String(job.id),
      values: { name: reader.fullName, lane, until: new Date(until), appUrl }
    }
  }
}

/** The cause as it was written; a job that does not read as one fails where operators see it. */
function causeOf ({ kind, registrationId, userId, sessionId, lane, until }: Job['data']): MailCause {
  if (kind === 'registration' && typeof registrationId === 'string') return { kind, registrationId }
  if (kind === 'reuse_detected' && typeof userId === 'string' && typeof sessionId === 'string') return { kind, userId, sessionId }
  if (kind === 'password_changed' && typeof userId === 'string') return { kind, userId }
  if (kind === 'locked' && typeof userId === 'string' && isLane(lane) && typeof until === 'string') return { kind, userId, lane, until }

  throw new TypeError('The job is of no kind of mail that is known here.')
}

function isLane (lane: unknown): lane is MailValues['locked']['lane'] {
  return lane === 'strangers' || lane === 'device' || lane === 'session'
}
