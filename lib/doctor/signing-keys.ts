import type { Finding } from '../config/warnings.ts'
import { decryptRing } from '../keys/ring.ts'
import type { RingSecrets } from '../keys/ring.ts'
import type { StoredKey } from '../keys/signing-key-store.ts'

interface Expectations {
  secrets: RingSecrets
  /** Milliseconds since 1970, by the clock of Postgres. */
  now: number
  /** Milliseconds. */
  signingKeyTtl: number
}

const dayMs = 86_400_000
/** How much later than it should a key may be replaced: nobody may have started a node for a while. */
const overdueShare = 0.1

export function judgeSigningKeys (rows: StoredKey[], { secrets, now, signingKeyTtl }: Expectations): Finding[] {
  const { keys, forged, unlisted, problem } = decryptRing(rows, secrets)
  const active = keys.find(({ status }) => status === 'active')

  return [
    ...(forged.length > 0 ? [forgedKeys(forged)] : []),
    ...(problem === null ? [] : [unreadable(problem)]),
    ...(active === undefined && unlisted.length === 0 ? [noKey()] : []),
    ...(active === undefined ? [] : judgeAge(active, now, signingKeyTtl))
  ]
}

function forgedKeys (forged: StoredKey[]): Finding {
  return {
    code: 'signing_keys_forged',
    severity: 'unsafe',
    message: `No node has written these rows of signing_keys: ${forged.map(({ id }) => id).join(', ')}. They do not ` +
      'count, and nodes remove them; but somebody else writes to the database.',
    advice: 'Find out who: look for other logins and into the backups. Change the passwords of the database.'
  }
}

function unreadable (problem: string): Finding {
  return {
    code: 'signing_keys_unreadable',
    severity: 'unsafe',
    setting: 'ENCRYPTION_KEY',
    message: problem.split('. ', 1).join('').concat('.'),
    advice: 'List the key under which they were encrypted too. If it is lost: `latchkey rotate-keys --compromised`, ' +
      'which signs everybody out.'
  }
}

function noKey (): Finding {
  return {
    code: 'signing_key_missing',
    severity: 'info',
    message: 'There is no signing key yet.',
    advice: 'The first node that starts makes one.'
  }
}

function judgeAge ({ id, activatedAt, publishedAt }: StoredKey, now: number, signingKeyTtl: number): Finding[] {
  const ageMs = now - (activatedAt ?? publishedAt)
  if (ageMs <= signingKeyTtl * (1 + overdueShare)) return []
  return [{
    code: 'signing_key_overdue',
    severity: 'warning',
    setting: 'SIGNING_KEY_TTL',
    message: `The signing key ${id} has signed for ${(ageMs / dayMs).toFixed(1)} days and should be replaced after ` +
      `${(signingKeyTtl / dayMs).toFixed(1)}.`,
    advice: 'A running node replaces it by itself: look into the log for why none does, or `latchkey rotate-keys`.'
  }]
}
