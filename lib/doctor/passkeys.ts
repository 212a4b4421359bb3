import type { Finding } from '../config/warnings.ts'
import type { PasskeysOfDomain } from '../factors/passkey-store.ts'

/** Judges passkeys that belong to other domains than the one of the settings: browsers offer them no more. */
export function judgePasskeys (others: PasskeysOfDomain[], rpId: string): Finding[] {
  const count = others.reduce((sum, domain) => sum + domain.count, 0)
  if (count === 0) return []

  const domains = others.map(domain => domain.rpId).join(', ')
  return [{
    code: 'passkeys_of_another_domain',
    severity: 'warning',
    setting: 'PASSKEY_RP_ID',
    message: `${count} ${count === 1 ? 'passkey belongs' : 'passkeys belong'} to ${domains}, and PASSKEY_RP_ID is ${rpId}: ` +
      `browsers no longer offer them.${strandedBy(others)}`,
    advice: 'Set PASSKEY_RP_ID back, or let their owners sign in otherwise and add new ones.'
  }]
}

function strandedBy (others: PasskeysOfDomain[]): string {
  const users = others.reduce((sum, domain) => sum + domain.stranded, 0)
  if (users === 0) return ''
  return ` ${users === 1 ? 'One owner has' : `${users} owners have`} no password: a link in a mail sets one.`
}
