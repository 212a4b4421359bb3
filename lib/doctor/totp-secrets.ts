import type { Finding } from '../config/warnings.ts'
import type { EncryptedOtherwise } from '../factors/totp-secret-store.ts'

/**
 * Judges the secrets of authenticator apps that the first key of ENCRYPTION_KEY has not encrypted.
 * @param keyIds the ids of all listed keys
 */
export function judgeTotpSecrets (groups: EncryptedOtherwise[], keyIds: Buffer[]): Finding[] {
  const isListed = ({ keyId }: EncryptedOtherwise) => keyIds.some(id => id.equals(keyId))
  const older = countOf(groups.filter(isListed))
  const lost = countOf(groups.filter(group => !isListed(group)))

  return [
    ...(lost > 0 ? [unreadable(lost)] : []),
    ...(older > 0 ? [outdated(older)] : [])
  ]
}

function countOf (groups: EncryptedOtherwise[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0)
}

function unreadable (count: number): Finding {
  return {
    code: 'totp_secrets_unreadable',
    severity: 'unsafe',
    setting: 'ENCRYPTION_KEY',
    message: `No listed key decrypts the secrets of ${count} authenticator ${count === 1 ? 'app' : 'apps'}: their ` +
      'codes are answered 503.',
    advice: 'List the key under which they were encrypted too, until a clean-up has run. If it is lost, their owners ' +
      'need a recovery code, or an administrator’s reset.'
  }
}

function outdated (count: number): Finding {
  return {
    code: 'totp_secrets_outdated',
    severity: 'info',
    setting: 'ENCRYPTION_KEY',
    message: `The secrets of ${count} authenticator ${count === 1 ? 'app is' : 'apps are'} encrypted under an older key.`,
    advice: 'Keep that key listed until a clean-up has run: each hour, or now with `latchkey clean-up`.'
  }
}
