import { Type } from '@sinclair/typebox'
import type { Clock } from '../../clock.ts'
import type { Codes } from '../../tokens/codes.ts'
import type { MailSubjectStore } from '../subject-store.ts'
import { on, to } from './draft.ts'

export interface RegistrationDraftParts {
  subjects: Pick<MailSubjectStore, 'registration'>
  codes: Pick<Codes, 'codeFor'>
  clock: Pick<Clock, 'now'>
  appUrl: string
}

/** The mails to addresses that have been registered. */
export function draftRegistrations ({ subjects, codes, clock, appUrl }: RegistrationDraftParts) {
  return {
    // An address with an account gets a notice of the attempt, one without an account gets the code.
    registration: on(Type.Object({ registrationId: Type.String() }), async ({ registrationId }) => {
      const registration = await subjects.registration(registrationId)
      if (registration === null) return null

      const { owner, email, locale, codeId, codeNumber, codeExpiresAt } = registration
      if (owner !== null) {
        return {
          kind: 'already_registered',
          ...to(owner),
          about: registrationId,
          values: { attempt: 'registration', appUrl }
        }
      }

      const minutes = Math.ceil((codeExpiresAt.getTime() - clock.now()) / 60_000)
      if (minutes <= 0) return null
      return {
        kind: 'verify_email',
        to: email,
        // Somebody may have entered another person's address, and must not choose what that person reads.
        name: null,
        locale,
        about: `${registrationId} ${codeNumber}`,
        values: { code: codes.codeFor('verify_email', codeId, codeNumber), minutes }
      }
    })
  }
}
