import { accessTokenTtlMaxMs } from '../config/lifetimes.ts'

/** How many seconds a copy of the JWKS may be kept; the `max-age` of its Cache-Control. */
export const jwksMaxAgeSeconds = 300

/**
 * How long a key must have been published before it signs (ms): the age of the oldest copy of the JWKS, and a minute.
 */
export const publicationLeadMs = jwksMaxAgeSeconds * 1000 + 60_000

/**
 * How long a retired key still verifies (ms): the longest allowed lifetime of an access token, and a minute for nodes
 * that lag.
 */
export const retirementMs = accessTokenTtlMaxMs + 60_000

/** The fields of a key that decide when it signs. Times are in milliseconds since 1970. */
export interface KeyTurn {
  id: string
  status: 'next' | 'active' | 'retired'
  publishedAt: number
  activatedAt: number | null
  retiredAt: number | null
  expiresAt: number | null
}

/** The states in the order in which their keys sign. */
const states: KeyTurn['status'][] = ['retired', 'active', 'next']

/** Keys in the order in which they sign. Two may have been made in one millisecond, so their times do not tell it. */
export function inOrderOfTurns<Key extends KeyTurn> (keys: readonly Key[]): Key[] {
  return keys.toSorted((a, b) => states.indexOf(a.status) - states.indexOf(b.status))
}

/** One step of the ring: a key to remove, a key in its new state, or a new key to make. */
export type Step<Key extends KeyTurn> =
  | { do: 'remove', key: Key }
  | { do: 'save', key: Key }
  | { do: 'make', turn: Omit<KeyTurn, 'id'> }

/**
 * The steps that a ring needs now, in the order in which they must be taken: next → active → retired → removed. There
 * is always a published next key, and one key that signs. A key signs for `signingKeyTtl` milliseconds, longer if its
 * successor has not been published for long enough. Only if there is no active key, in an empty ring or because it was
 * lost, another key signs at once: no token of a predecessor exists, or none can be made.
 * @param now milliseconds since 1970
 * @param signingKeyTtl milliseconds
 */
export function ringSteps<Key extends KeyTurn> (keys: Key[], now: number, signingKeyTtl: number): Step<Key>[] {
  const next = keys.find(({ status }) => status === 'next')
  const active = keys.find(({ status }) => status === 'active')
  const expired = keys.filter(({ status, expiresAt }) =>
    status === 'retired' && expiresAt !== null && expiresAt <= now)
  const steps: Step<Key>[] = expired.map(key => ({ do: 'remove', key }))

  if (!active) {
    steps.push(next ? activate(next, now) : { do: 'make', turn: firstTurn(now) })
    steps.push({ do: 'make', turn: waitingTurn(now) })
  } else if (!next) {
    steps.push({ do: 'make', turn: waitingTurn(now) })
  } else if (endOfTurn(active, signingKeyTtl) <= now && signsFrom(next) <= now) {
    steps.push(retire(active, now), activate(next, now), { do: 'make', turn: waitingTurn(now) })
  }
  return steps
}

/** When a published key may begin to sign (ms since 1970). */
export function signsFrom ({ publishedAt }: Pick<KeyTurn, 'publishedAt'>) {
  return publishedAt + publicationLeadMs
}

/**
 * When the key that signs began to, and when the next one takes over if a node runs then (ms since 1970). Null without
 * a key that signs.
 */
export function currentTurn (
  keys: readonly KeyTurn[], signingKeyTtl: number
): { activatedAt: number, rotatesAt: number } | null {
  const active = keys.find(({ status }) => status === 'active')
  const next = keys.find(({ status }) => status === 'next')
  if (!active) return null

  const end = endOfTurn(active, signingKeyTtl)
  return {
    activatedAt: active.activatedAt ?? active.publishedAt,
    rotatesAt: next ? Math.max(end, signsFrom(next)) : end
  }
}

function endOfTurn ({ publishedAt, activatedAt, retiredAt }: KeyTurn, signingKeyTtl: number) {
  return retiredAt ?? (activatedAt ?? publishedAt) + signingKeyTtl
}

function activate<Key extends KeyTurn> (key: Key, now: number): Step<Key> {
  return { do: 'save', key: { ...key, status: 'active', activatedAt: now } }
}

function retire<Key extends KeyTurn> (key: Key, now: number): Step<Key> {
  return { do: 'save', key: { ...key, status: 'retired', retiredAt: now, expiresAt: now + retirementMs } }
}

function firstTurn (now: number): Omit<KeyTurn, 'id'> {
  return { status: 'active', publishedAt: now, activatedAt: now, retiredAt: null, expiresAt: null }
}

function waitingTurn (now: number): Omit<KeyTurn, 'id'> {
  return { status: 'next', publishedAt: now, activatedAt: null, retiredAt: null, expiresAt: null }
}
