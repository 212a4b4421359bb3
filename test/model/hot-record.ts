import type { Plants } from './plants.ts'

/** The hot record of a session in Redis: lib/stores/lua/rotate-session.lua in TypeScript, line by line. */
export interface HotRecord { generation: number, base: number, moment: number, times: number[] }

/** A presented token; null where the password has just been checked instead. */
export type Presented = { generation: number, issuedAt: number } | null

export interface Terms { floor: number, grace: number, now: number }

export type Answer =
  | { outcome: 'reused' }
  | { outcome: 'rotated' | 'replayed', generation: number, issuedAt: number, floor: number, note: '' | 'fast_forward' | 'forgiven' | 'forked' }

const rotationsMax = 32

/** The first record of a session. */
export function opened (now: number): HotRecord {
  return { generation: 1, base: 1, moment: now, times: [now] }
}

/** One step: the answer, and the record that Redis holds afterwards. `plants` are mistakes made on purpose. */
export function rotate (
  record: HotRecord | null,
  presented: Presented,
  { floor, grace, now }: Terms,
  plants: Plants = new Set()
): { answer: Answer, record: HotRecord | null } {
  const { generation, base, moment, times, note: found } = placed(record, presented, { floor, grace, now }, plants)
  const place = presented?.generation ?? generation
  const issue = (n: number): number | undefined => times[generation - n]
  let note = found

  if (note === '' && presented && issue(place) !== undefined && issue(place) !== presented.issuedAt) note = 'forked'

  if (place < generation) {
    if (!forgiven(place)) return { answer: { outcome: 'reused' }, record }
    if (note === '' && place < base) note = 'forgiven'
    const issuedAt = plants.has('a replay is issued anew') ? now : times[0] ?? NaN
    return { answer: { outcome: 'replayed', generation, issuedAt, floor: 0, note }, record }
  }

  let lowest = generation
  while (lowest > floor && forgiven(lowest - 1)) lowest = lowest > base ? lowest - 1 : floor
  if (plants.has('the floor is the new generation')) lowest = generation + 1

  const recentTimes = [now]
  for (const time of times.slice(0, rotationsMax - 1)) {
    if (now - (recentTimes.at(-1) ?? NaN) >= grace) break
    recentTimes.push(time)
  }
  return {
    answer: { outcome: 'rotated', generation: generation + 1, issuedAt: now, floor: lowest, note },
    record: { generation: generation + 1, base, moment, times: recentTimes }
  }

  function forgiven (n: number) {
    const superseded = n < base ? moment : issue(n + 1)
    return superseded !== undefined && now - superseded < grace
  }
}

/** The record that the step starts from: put back or fast-forwarded if Redis has lost writes. */
function placed (record: HotRecord | null, presented: Presented, { floor, now }: Terms, plants: Plants): HotRecord & { note: '' | 'fast_forward' | 'forked' | 'forgiven' } {
  const isBehind = record && !presented && record.generation < floor && !plants.has('a record below the floor is believed')
  if (!record || isBehind) {
    const generation = presented?.generation ?? floor + (plants.has('put back at the floor without a token') ? 0 : 1000)
    return { generation, base: generation, moment: now, times: [presented?.issuedAt ?? now], note: '' }
  }
  if (presented && presented.generation > record.generation) {
    const { generation, issuedAt } = presented
    const moment = plants.has('a fast-forward forgets its moment') ? record.moment : now
    return { generation, base: generation, moment, times: [issuedAt], note: 'fast_forward' }
  }
  return { ...record, note: '' }
}

/** The record in the form in which Redis stores it. */
export function write ({ generation, base, moment, times }: HotRecord): string {
  return [generation, base, moment, ...times].join(',')
}

export function parse (text: string | null): HotRecord | null {
  if (text === null) return null
  const [generation = NaN, base = NaN, moment = NaN, ...times] = text.split(',').map(Number)
  return { generation, base, moment, times }
}
