import Fastify from 'fastify'
import type { BrokenSeal } from '../lib/audit/verification/findings.ts'
import type { Verdict } from '../lib/audit/verification/verification.ts'
import auditVerification from '../plugins/audit/audit-verification.ts'
import trailVerifications from '../plugins/audit/trail-verifications.ts'
import connectPostgres from '../plugins/stores/postgres.ts'
import schema from '../plugins/stores/schema.ts'
import { UsageError } from './support/command.ts'
import type { Command, Input, Result, Surroundings } from './support/command.ts'
import { createProgressBar } from './support/progress-bar.ts'
import { readConfig } from './support/with-app.ts'

const auditVerify: Command = {
  usage: 'audit-verify [--head HASH] [--record]',
  help: 'checks the audit trail against its seals, and these against a head from the log; names what does not fit; --record keeps the result for administrators',
  options: { head: { type: 'string' }, record: { type: 'boolean' } },
  positionals: 0,
  run
}
export default auditVerify

/** The most ids of one kind, or broken seals, in the text for a person. */
const listedMax = 20

// It does not use Redis: an auditor needs the database and the key only.
async function run ({ values: { head, record } }: Input, { env, stderr }: Surroundings): Promise<Result> {
  if (head !== undefined && !/^[0-9a-f]{12,64}$/i.test(String(head))) {
    throw new UsageError('--head takes 12 to 64 hexadecimal digits.')
  }

  const config = readConfig(env, { REDIS_URL: 'redis://localhost', ISSUER_URL: 'https://localhost' })
  const app = Fastify()
  const bar = createProgressBar(stderr, 1)
  try {
    await app.register(connectPostgres, { ...config.postgres, poolMax: 1, poolMin: 0, deadline: 60_000 })
    await app.register(schema)
    await app.register(auditVerification, config.secrets)
    await app.register(trailVerifications)
    const begun = performance.now()
    const verdict = await app.auditVerification.verify({
      head: head === undefined ? undefined : String(head).toLowerCase(),
      report: (done, total) => bar.show(done / Math.max(1, total), `${done} of ${total} events`)
    })
    bar.clear()
    const durationMs = performance.now() - begun
    const failure = record === true
      ? await app.trailVerifications.record(verdict, durationMs).then(() => null, String)
      : null
    return {
      text: [tell(verdict), ...failure === null ? [] : [`  This could not be recorded: ${failure}`]].join('\n'),
      data: { ...present(verdict), ...record === true && { recorded: failure === null } },
      isPartial: !verdict.isSound || failure !== null
    }
  } finally {
    bar.clear()
    await app.close()
  }
}

function tell (verdict: Verdict): string {
  const { brokenSeals } = verdict
  return [
    summaryOf(verdict),
    ...listed('altered', verdict.altered),
    ...listed('removed', verdict.removed),
    ...listed('inserted', verdict.inserted),
    ...listed('reordered', verdict.reordered),
    ...listed('unsigned', verdict.unsigned),
    ...listed('orphaned', verdict.orphaned),
    ...listed('key lost', verdict.lostKeys),
    ...brokenSeals.slice(0, listedMax).map(describe),
    ...(brokenSeals.length > listedMax ? [`  … and ${brokenSeals.length - listedMax} more seals`] : []),
    ...remarksOn(verdict)
  ].join('\n')
}

function summaryOf ({ isSound, events, seals, head }: Verdict): string {
  const end = head === null
    ? 'There is no seal yet.'
    : `It ends with seal ${head.number}, ${head.hash.toString('hex')}.`
  return isSound
    ? `The audit trail is sound: ${events} events, ${seals} seals. ${end}`
    : `The audit trail is NOT sound. ${end}`
}

function remarksOn ({ foreignSeals, dropped, unchecked, unsealed, unsealedSince, head, hasHead }: Verdict): string[] {
  const remarks = [
    ...foreignSeals.map(({ first, last, vouchedBy, vouchedAt }) => `seals ${first} to ${last} were made under an ` +
      `ENCRYPTION_KEY that is not listed. Seal ${vouchedBy} vouches for what they were at ${timeOf(vouchedAt)}; whether ` +
      'they were genuine then, only that key or a head that was kept elsewhere (--head) can show.'),
    hasHead === false && 'cut off: the chain does not contain the head that was asked for. ' +
      'What came before it was removed or rewritten.',
    dropped > 0 && `${dropped} events have been dropped, as AUDIT_RETENTION wants it and the chain says.`,
    unchecked > 0 && `${unchecked} events have no MAC that can be checked: ` +
      'they are older than MACs, or were written under an ENCRYPTION_KEY that is not listed.',
    unsealed > 0 && `${unsealed} events wait for their seal, the first since ${timeOf(unsealedSince)}; ` +
      'nothing is known of them yet.',
    hasHead === null && head !== null && 'Only a head that was kept elsewhere (--head, from the log) ' +
      'shows that nothing is missing at the end.'
  ]
  return remarks.filter(remark => remark !== false).map(remark => `  ${remark}`)
}

function listed (kind: string, ids: (number | string)[]): string[] {
  if (ids.length === 0) return []
  const rest = ids.length > listedMax ? `, … ${ids.length} in all` : ''
  return [`  ${kind}: ${ids.slice(0, listedMax).join(', ')}${rest}`]
}

function describe ({ seal, problem, firstId, lastId }: BrokenSeal): string {
  const what = {
    missing: 'is missing',
    altered: 'is not what its hash says',
    forged: 'was not signed by this deployment',
    unlinked: 'does not continue the one before',
    unknown_key: 'was signed under an ENCRYPTION_KEY that is not listed, and no later seal vouches for it'
  }[problem]
  return `  seal ${seal} ${what}${firstId === null ? '' : ` (events ${firstId} to ${lastId})`}`
}

function present (verdict: Verdict) {
  const { brokenSeals, unsealedSince, longestWaitMs, head } = verdict
  return {
    sound: verdict.isSound,
    altered: verdict.altered,
    removed: verdict.removed,
    inserted: verdict.inserted,
    reordered: verdict.reordered,
    unsigned: verdict.unsigned,
    orphaned: verdict.orphaned,
    lost_keys: verdict.lostKeys,
    unchecked: verdict.unchecked,
    broken_seals: brokenSeals.map(({ seal, problem, firstId, lastId }) => (
      { seal, problem, first_id: firstId, last_id: lastId }
    )),
    foreign_seals: verdict.foreignSeals.map(({ first, last, vouchedBy, vouchedAt }) => (
      { first, last, vouched_by: vouchedBy, vouched_at: timeOf(vouchedAt) }
    )),
    has_head: verdict.hasHead,
    seals: verdict.seals,
    events: verdict.events,
    dropped: verdict.dropped,
    unsealed: verdict.unsealed,
    unsealed_since: unsealedSince === null ? null : timeOf(unsealedSince),
    longest_wait_seconds: longestWaitMs / 1000,
    head: head && { seal: head.number, hash: head.hash.toString('hex') }
  }
}

function timeOf (micros: number | null): string {
  return new Date((micros ?? 0) / 1000).toISOString()
}
