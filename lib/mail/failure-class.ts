import type { MailTrouble } from './transports.ts'

/** Why the last attempt to send a mail failed, in a word. */
export type FailureClass = MailTrouble | 'bounced' | 'refused_for_good' | 'not_configured' | 'abandoned' | 'other'

/** How the stored errors of mails begin. The words of a server follow, which may repeat what is in a mail. */
const beginnings: [beginning: string, failure: FailureClass][] = [
  ['mail: bounced:', 'bounced'],
  ['mail: refused for good:', 'refused_for_good'],
  ['mail: refused:', 'refused'],
  ['mail: certificate:', 'certificate'],
  ['mail: sign_in:', 'sign_in'],
  ['mail: unreachable:', 'unreachable'],
  ['SMTP_URL is not set', 'not_configured'],
  ['The last attempt did not come to an end.', 'abandoned'],
  ['not done within', 'abandoned']
]

/** The class of a failure by its stored text, without anything that a mail server has said. */
export function failureClassOf (text: string): FailureClass {
  return beginnings.find(([beginning]) => text.startsWith(beginning))?.[1] ?? 'other'
}
