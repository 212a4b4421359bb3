import type { Database } from '../../stores/database.ts'
import type { Verdict } from './verification.ts'
import type { NamedFindings } from './findings.ts'

/** The number of findings of one kind, and the first of them. */
export interface Some<T> { count: number, first: T[] }

/** A verdict without its long lists, as it is stored and shown. */
export interface VerdictSummary extends Record<keyof NamedFindings, Some<number>> {
  broken_seals: Some<number>
  lost_keys: Some<string>
  /** Whether the chain contains the head that was asked for; null when none was. */
  has_head: boolean | null
  seals: number
  events: number
  dropped: number
  unsealed: number
  unchecked: number
  /** The end of the chain, the hash in hexadecimal; null if there is no seal. */
  head: { seal: number, hash: string } | null
}

/** A verification that was recorded. The times are by the clock of Postgres. */
export interface RecordedVerification { begunAt: Date, endedAt: Date, sound: boolean, summary: VerdictSummary }

export type VerificationStore = ReturnType<typeof createVerificationStore>

/** Of each kind at most this many findings are kept. */
const firstMax = 20

/** The verdict of the last verification that was recorded. */
export function createVerificationStore (db: Database) {
  return { record, last }

  /**
   * Records a verdict in place of the one before.
   * @param durationMs how long the verification took
   */
  async function record (verdict: Verdict, durationMs: number): Promise<void> {
    const summary = JSON.stringify(summarise(verdict))
    await db`
      insert into audit_verifications (begun_at, ended_at, sound, summary)
      values (
        now() - ${durationMs}::float8 * interval '1 millisecond', now(), ${verdict.isSound},
        ${summary}::text::jsonb
      )
      on conflict (the_last) do update
      set begun_at = excluded.begun_at,
          ended_at = excluded.ended_at,
          sound = excluded.sound,
          summary = excluded.summary`
  }

  /** Null if none has been recorded. */
  async function last (): Promise<RecordedVerification | null> {
    const [recorded] = await db<RecordedVerification>`
      select begun_at, ended_at, sound, summary
      from audit_verifications`
    return recorded ?? null
  }
}

function summarise (verdict: Verdict): VerdictSummary {
  const { altered, removed, inserted, reordered, unsigned, orphaned, brokenSeals, lostKeys } = verdict
  const { hasHead, seals, events, dropped, unsealed, unchecked, head } = verdict

  return {
    altered: some(altered),
    removed: some(removed),
    inserted: some(inserted),
    reordered: some(reordered),
    unsigned: some(unsigned),
    orphaned: some(orphaned),
    broken_seals: some(brokenSeals.map(({ seal }) => seal)),
    lost_keys: some(lostKeys),
    has_head: hasHead,
    seals,
    events,
    dropped,
    unsealed,
    unchecked,
    head: head && { seal: head.number, hash: head.hash.toString('hex') }
  }
}

function some<T> (all: T[]): Some<T> {
  return { count: all.length, first: all.slice(0, firstMax) }
}
