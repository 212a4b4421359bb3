import type { Finding } from '../config/warnings.ts'
import { MailFailure } from '../mail/transports.ts'
import type { MailTrouble } from '../mail/transports.ts'

/** What a server that takes no mail does, and what helps, by its reason. */
const troubles: Record<MailTrouble, { meaning: string, advice: string }> = {
  certificate: {
    meaning: 'its certificate is not trusted',
    advice: 'Name the authority that signed it in SMTP_CA_FILE, and the server by a name that the certificate has.'
  },
  sign_in: {
    meaning: 'it does not accept the user and password',
    advice: 'Correct them in SMTP_URL; characters such as @ and / are written percent-encoded.'
  },
  refused: { meaning: 'it answers and refuses', advice: 'Its answer says why.' },
  unreachable: {
    meaning: 'it does not answer',
    advice: 'Check host and port of SMTP_URL, and whether your provider blocks outgoing mail: many block port 25. ' +
      'Port 465 is smtps://, port 587 is smtp://.'
  }
}

/** Connects to the mail server and signs in; no mail is sent. */
export async function examineMail (mailer: { probe (): Promise<unknown> }): Promise<Finding[]> {
  try {
    await mailer.probe()
    return []
  } catch (error) {
    if (!(error instanceof MailFailure)) throw error
    const { meaning, advice } = troubles[error.reason]
    return [{
      code: `mail_${error.reason}`,
      severity: 'unsafe',
      setting: 'SMTP_URL',
      message: `The mail server takes no mail: ${meaning} (${error.message.replace(/^mail: \w+: /, '')}).`,
      advice
    }]
  }
}
