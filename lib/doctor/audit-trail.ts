import type { StoredSeal } from '../audit/chain.ts'
import { nothingSealed } from '../audit/seal-batches.ts'
import type { AuditSealStore } from '../audit/seal-store.ts'
import type { SealVerifier } from '../audit/signatures.ts'
import type { UnsealedStore } from '../audit/unsealed-store.ts'
import type { AuditPartitionStore } from '../audit/partition-store.ts'
import type { Finding } from '../config/warnings.ts'

/** What is known of the chain without verifying it. Times are milliseconds. */
export interface TrailFacts {
  /** When the last seal was made, since 1970; null before the first. */
  sealedAt: number | null
  /** Whether a key of ours has signed the last seal; null if that was under an ENCRYPTION_KEY that is not listed. */
  isOurs: boolean | null
  /** Since when the oldest event waits for its seal, since 1970; null when none waits. */
  unsealedSince: number | null
  isRestored: boolean
  /** How long the owner of the trail has events kept, null for ever. */
  ownersRetention: number | null
}

interface Parts {
  seals: Pick<AuditSealStore, 'lastBefore'>
  unsealed: Pick<UnsealedStore, 'hasBegunAnew' | 'unsealedSince' | 'firstSince'>
  partitions: Pick<AuditPartitionStore, 'retention'>
  verifier: SealVerifier
}

/** Events are sealed within seconds while a node runs; a node raises its own alarm after 30 s. */
const unsealedMaxMs = 60_000

export async function readTrail ({ seals, unsealed, partitions, verifier }: Parts): Promise<TrailFacts> {
  const last = await seals.lastBefore(Number.MAX_SAFE_INTEGER)
  const reached = last ?? nothingSealed
  const isRestored = await unsealed.hasBegunAnew(reached)
  const since = isRestored ? await unsealed.firstSince(reached.lastId) : await unsealed.unsealedSince(reached)

  return {
    sealedAt: last === null ? null : last.sealedAt / 1000,
    isOurs: last === null ? true : isSignedBy(verifier, last),
    unsealedSince: since?.getTime() ?? null,
    isRestored,
    ownersRetention: await partitions.retention()
  }
}

const isSignedBy = (verifier: SealVerifier, { hash, signature, keyId }: StoredSeal) =>
  verifier.verify(hash, signature, keyId)

/**
 * @param now milliseconds since 1970, by the clock of Postgres
 * @param retention AUDIT_RETENTION in milliseconds, null for ever
 */
export function judgeTrail (facts: TrailFacts, now: number, retention: number | null): Finding[] {
  return [...judgeEnd(facts), ...judgeWaiting(facts, now), ...judgeRetention(facts, retention)]
}

function judgeEnd ({ isOurs }: TrailFacts): Finding[] {
  if (isOurs === true) return []
  return [{
    code: 'audit_seal_foreign',
    severity: 'unsafe',
    message: isOurs === null
      ? 'The last seal of the audit trail was made under an ENCRYPTION_KEY that is not listed.'
      : 'The last seal of the audit trail was not signed by this deployment: somebody else wrote it.',
    advice: 'Run `latchkey audit-verify --head …` with a head from the log, and list every ENCRYPTION_KEY that was used. ' +
      'If one has leaked and must not be listed: `latchkey rotate-keys --compromised`.'
  }]
}

function judgeWaiting ({ sealedAt, unsealedSince, isRestored }: TrailFacts, now: number): Finding[] {
  if (isRestored) {
    return [{
      code: 'audit_restored',
      severity: 'warning',
      message: 'The database was restored into another cluster, and no node has sealed the audit trail there yet.',
      advice: 'Run `latchkey audit-verify --head …` with the last head from the log, then start a node.'
    }]
  }
  if (unsealedSince === null || now - unsealedSince <= unsealedMaxMs) return []
  const lastly = sealedAt === null ? 'No seal was ever made' : `The last seal was made at ${timeOf(sealedAt)}`
  return [{
    code: 'audit_unsealed',
    severity: 'warning',
    message: `${lastly}, and an event has waited for its seal since ${timeOf(unsealedSince)}: until then nobody ` +
      'could tell if it were changed.',
    advice: 'A running node seals by itself. If one runs, its log says what keeps it from that.'
  }]
}

function judgeRetention ({ ownersRetention }: TrailFacts, retention: number | null): Finding[] {
  if (retention === ownersRetention) return []
  return [{
    code: 'audit_retention_differs',
    severity: 'warning',
    setting: 'AUDIT_RETENTION',
    message: `AUDIT_RETENTION says ${daysOf(retention)}, and the owner of the audit trail has decided ` +
      `${daysOf(ownersRetention)}. Events are kept for the longer of the two.`,
    advice: 'Run `latchkey migrate` with the setting that you mean.'
  }]
}

const timeOf = (milliseconds: number) => new Date(milliseconds).toISOString()
const daysOf = (retention: number | null) => retention === null ? 'for ever' : `${Math.ceil(retention / 86_400_000)} days`
