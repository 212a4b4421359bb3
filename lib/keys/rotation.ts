/** How long anybody may keep a copy of the JWKS, in seconds: its Cache-Control. */
export const jwksMaxAge = 300

/** A key signs no sooner after its publication (ms): every copy of the JWKS has it by then, and a minute. */
export const publicationLead = jwksMaxAge * 1000 + 60_000

/** A retired key stays so long (ms): the longest allowed access token, and a minute for nodes that lag. */
export const retirement = 61 * 60_000

/** What of a key decides about its turn; times in milliseconds since 1970. */
export interface KeyTurn {
  id: string
  status: 'next' | 'active' | 'retired'
  publishedAt: number
  activatedAt: number | null
  retiredAt: number | null
  expiresAt: number | null
}

/** One step of the ring: a key to drop, a key in its new state, or a new key to make. */
export type Step<Key extends KeyTurn> =
  | { do: 'remove', key: Key }
  | { do: 'save', key: Key }
  | { do: 'make', turn: Omit<KeyTurn, 'id'> }

/**
 * What a ring needs now, in the order in which it must be done: next → active → retired → gone.
 * There is always a published next key, and one key that signs. A key signs for `signingKeyTtl`
 * milliseconds, longer while its successor has not been published for long enough. Only the first
 * key of an empty ring, or one whose active key has been lost, signs at once: no token of its
 * predecessors exists, or none can be made.
 */
export function ringSteps<Key extends KeyTurn> (keys: Key[], now: number, signingKeyTtl: number): Step<Key>[] {
  const next = keys.find(({ status }) => status === 'next')
  const active = keys.find(({ status }) => status === 'active')
  const expired = keys.filter(({ status, expiresAt }) => status === 'retired' && expiresAt !== null && expiresAt <= now)
  const steps: Step<Key>[] = expired.map(key => ({ do: 'remove', key }))

  if (!active) {
    steps.push(next ? activate(next, now) : { do: 'make', turn: firstTurn(now) }, { do: 'make', turn: waitingTurn(now) })
  } else if (!next) {
    steps.push({ do: 'make', turn: waitingTurn(now) })
  } else if (endOfTurn(active, signingKeyTtl) <= now && signsFrom(next) <= now) {
    steps.push(retire(active, now), activate(next, now), { do: 'make', turn: waitingTurn(now) })
  }
  return steps
}

/** When a published key may begin to sign. */
export function signsFrom ({ publishedAt }: Pick<KeyTurn, 'publishedAt'>) {
  return publishedAt + publicationLead
}

function endOfTurn ({ publishedAt, activatedAt, retiredAt }: KeyTurn, signingKeyTtl: number) {
  return retiredAt ?? (activatedAt ?? publishedAt) + signingKeyTtl
}

function activate<Key extends KeyTurn> (key: Key, now: number): Step<Key> {
  return { do: 'save', key: { ...key, status: 'active', activatedAt: now } }
}

function retire<Key extends KeyTurn> (key: Key, now: number): Step<Key> {
  return { do: 'save', key: { ...key, status: 'retired', retiredAt: now, expiresAt: now + retirement } }
}

function firstTurn (now: number): Omit<KeyTurn, 'id'> {
  return { status: 'active', publishedAt: now, activatedAt: now, retiredAt: null, expiresAt: null }
}

function waitingTurn (now: number): Omit<KeyTurn, 'id'> {
  return { status: 'next', publishedAt: now, activatedAt: null, retiredAt: null, expiresAt: null }
}
