import type { Static, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Mail } from '../mailer.ts'
import type { Job } from '../../jobs/job-store.ts'
import type { Reader } from '../subject-store.ts'

/** Makes the mail of a job; null if there is no recipient (any more). */
export type Draft = (job: Job) => Promise<Mail | null>

/**
 * A draft for jobs whose data has a form. A job with other data fails with a TypeError, which operators see.
 */
export function on<Form extends TSchema> (
  form: Form, draft: (cause: Static<Form>, job: Job) => Promise<Mail | null>
): Draft {
  return async job => {
    const { data } = job
    if (!Value.Check(form, data)) throw new TypeError('The job does not say what its mail is about.')
    return await draft(data, job)
  }
}

/** The fields that address a mail to a reader, by name. */
export function to ({ email, fullName, locale }: Reader) {
  return { to: email, name: fullName, locale }
}
