import type { Plants } from './plants.ts'

/**
 * The hot record of a session in Redis: lib/stores/lua/rotate-session.lua and confirm-generation.lua in TypeScript,
 * line by line.
 */
export interface HotRecord {
  generation: number
  base: number
  moment: number
  times: number[]
  /** The lowest generation that may resume the session; null once the current generation is confirmed. */
  parent: number | null
  /** The last resumption: `child` was issued for `parent`, and what had been issued between them is burnt. */
  resumed: { parent: number, child: number, at: number } | null
}

/** A presented token; null where the password has just been checked instead. */
export type Presented = { generation: number, issuedAt: number } | null

export interface Terms { floor: number, grace: number, now: number, canResume: boolean }

export type Note = '' | 'fast_forward' | 'forgiven' | 'forked' | 'resumed'

export type Answer =
  | { outcome: 'reused' }
  | { outcome: 'rotated' | 'replayed', generation: number, issuedAt: number, floor: number, note: Note }

const rotationsMax = 32
/** A refresh is answered within this time or not at all. */
export const answerMaxMs = 10_000

/** The first record of a session. */
export function opened (now: number): HotRecord {
  return { generation: 1, base: 1, moment: now, times: [now], parent: null, resumed: null }
}

/** One step: the answer, and the record that Redis holds afterwards. `plants` are mistakes made on purpose. */
export function rotate (
  record: HotRecord | null,
  presented: Presented,
  { floor, grace, now, canResume }: Terms,
  plants: Plants = new Set()
): { answer: Answer, record: HotRecord | null } {
  const terms = { floor, grace, now, canResume }
  const { generation, base, moment, times, parent, resumed, note: found } = placed(record, presented, terms, plants)
  const place = presented?.generation ?? generation
  const issue = (n: number): number | undefined => times[generation - n]
  const known = issue(place)
  let note = found

  if (note === '' && presented && known !== undefined && known !== presented.issuedAt) note = 'forked'

  if (place < generation) {
    if (forgiven(place, presented?.issuedAt)) {
      if (note === '' && place < base) note = 'forgiven'
      const issuedAt = plants.has('a replay is issued anew') ? now : times[0] ?? NaN
      return { answer: { outcome: 'replayed', generation, issuedAt, floor: 0, note }, record }
    }
    if (!mayResume(place, presented?.issuedAt)) return { answer: { outcome: 'reused' }, record }
    note = 'resumed'
  }

  const isResumed = place < generation
  const newTimes = [now]
  for (const time of isResumed ? [] : times.slice(0, rotationsMax - 1)) {
    if (now - (newTimes.at(-1) ?? NaN) >= grace) break
    newTimes.push(time)
  }

  const newParent = parentOf()
  return {
    answer: { outcome: 'rotated', generation: generation + 1, issuedAt: now, floor: lowestForgiven(), note },
    record: {
      generation: generation + 1,
      base,
      moment,
      times: newTimes,
      parent: canResume ? newParent : null,
      resumed: resumedNow()
    }
  }

  function isBurnt (n: number, issuedAt = -Infinity) {
    return resumed !== null && n > resumed.parent && n < resumed.child && issuedAt <= resumed.at
  }

  function forgiven (n: number, issuedAt?: number) {
    if (isBurnt(n, issuedAt) && !plants.has('a burnt generation is forgiven within the grace')) return false
    let superseded = n < base ? moment : issue(n + 1)
    if (n === resumed?.parent && !plants.has('a resumed token is not forgiven again')) {
      superseded = issue(resumed.child) ?? superseded
    }
    if (mayResume(n, issuedAt) && !plants.has('a request from before a proof of the password resumes')) {
      superseded = times[0]
    }
    return superseded !== undefined && now - superseded < grace
  }

  function mayResume (n: number, issuedAt?: number) {
    if (!canResume || n >= generation) return false
    if (plants.has('any token resumes')) return true
    return parent !== null && n >= parent && !isBurnt(n, issuedAt)
  }

  /** The lowest generation that may resume what is issued now. */
  function parentOf () {
    if (presented && plants.has('a rotation does not confirm')) return Math.min(parent ?? place, place)
    if (presented || plants.has('a rotation without a token forgets who may resume')) return place
    return Math.min(parent ?? generation, generation)
  }

  function lowestForgiven () {
    if (plants.has('the floor is the new generation')) return generation + 1
    if (plants.has('the floor rises above the parent')) return generation
    let lowest = place
    while (lowest > floor && forgiven(lowest - 1)) lowest = lowest > base ? lowest - 1 : floor
    if (resumed && forgiven(resumed.parent)) lowest = Math.min(lowest, resumed.parent)
    return canResume ? Math.min(lowest, newParent) : lowest
  }

  function resumedNow () {
    if (isResumed) {
      return plants.has('a session that is resumed twice has two successors')
        ? null
        : { parent: place, child: generation + 1, at: now }
    }
    return plants.has('the next rotation forgets what is burnt') ? null : resumed
  }
}

/** A node has seen an access token of a generation: the answer, and the record afterwards. */
export function confirm (
  record: HotRecord,
  { generation, issuedAt }: { generation: number, issuedAt: number },
  plants: Plants = new Set()
): { answer: 'confirmed' | 'unchanged' | 'burnt', record: HotRecord } {
  const { parent, resumed } = record
  if (resumed && generation > resumed.parent && generation < resumed.child && issuedAt <= resumed.at) {
    const isBurnt = issuedAt + answerMaxMs <= resumed.at && !plants.has('a burnt access token is overlooked')
    return { answer: isBurnt ? 'burnt' : 'unchanged', record }
  }
  if (parent === null || generation <= parent || plants.has('a confirmation is ignored')) {
    return { answer: 'unchanged', record }
  }
  return { answer: 'confirmed', record: { ...record, parent: generation >= record.generation ? null : generation } }
}

/** The record that the step starts from: put back or fast-forwarded if Redis has lost writes. */
function placed (
  record: HotRecord | null,
  presented: Presented,
  { floor, now }: Terms,
  plants: Plants
): HotRecord & { note: Note } {
  const isBehind = record && !presented && record.generation < floor && !plants.has('a record below the floor is believed')
  const resumed = record?.resumed ?? null
  if (!record || isBehind) {
    const generation = presented?.generation ?? floor + (plants.has('put back at the floor without a token') ? 0 : 1000)
    const times = [presented?.issuedAt ?? now]
    const parent = presented ? null : floor
    return { generation, base: generation, moment: now, times, parent, resumed, note: '' }
  }
  if (presented && presented.generation > record.generation) {
    const { generation, issuedAt } = presented
    const moment = plants.has('a fast-forward forgets its moment') ? record.moment : now
    return { generation, base: generation, moment, times: [issuedAt], parent: null, resumed, note: 'fast_forward' }
  }
  return { ...record, note: '' }
}

/**
 * The record in the form in which Redis stores it. The marks at the end are no numbers: the script of the version
 * before passes over them.
 */
export function write ({ generation, base, moment, times, parent, resumed }: HotRecord): string {
  const marks = [
    ...parent === null ? [] : [`u${parent}`],
    ...resumed === null ? [] : [`${resumed.parent}:${resumed.child}:${resumed.at}`]
  ]
  return [generation, base, moment, ...times, ...marks].join(',')
}

export function parse (text: string | null): HotRecord | null {
  if (text === null) return null
  const fields = text.split(',')
  const [generation = NaN, base = NaN, moment = NaN, ...times] = fields.filter(field => /^\d+$/.test(field)).map(Number)
  const parent = fields.find(field => field.startsWith('u'))
  const [from, to, at] = fields.find(field => field.includes(':'))?.split(':') ?? []
  return {
    generation,
    base,
    moment,
    times,
    parent: parent === undefined ? null : Number(parent.slice(1)),
    resumed: from === undefined ? null : { parent: Number(from), child: Number(to), at: Number(at) }
  }
}
