import { rotate } from './hot-record.ts'
import { hotRecord } from './node.ts'
import { second, sessionIds, start, terms } from './terms.ts'
import type { Kind, Operation, Token, World } from './world.ts'

/** The state that an operation found when it began, and whether it may be refused by now. */
export interface Expectation {
  wasDead: boolean
  wasIdle: boolean
  wasBelowFloor: boolean
  /** Redis knows that the token is burnt, or that a newer one has reached its client and the grace is over. */
  wasReplay: boolean
  /**
   * The operation of an honest client, whose session is alive and whose token is the newest that reached it, or was
   * superseded within the grace.
   */
  isFair: boolean
}

// Residual: what Redis loses can be told by the token presented or by the floor. A rotation without a
// token (a password proved again, or changed) that is the first to meet a record which went back, though
// not below the floor as written, or a second loss before the floor was written, gives a generation that
// was given before. If then a request from before the loss arrives late, or the floor from before it is
// written only then, the newest token counts as superseded and its session ends: the owner signs in
// again. `world.misled` are those sessions.
export function isMisled (world: World, sid: string | null) {
  return sid !== null && world.misled.has(sid)
}

/** "Never later than 3 s." */
const bound = 3 * second

/** The facts by which an operation is judged later, taken as it begins. */
export function expect (world: World, operation: Operation, isHonest: boolean): Expectation {
  const { sid, token } = operation
  const row = world.postgres.tables.sessions.find(({ id }) => id === sid)
  return {
    wasDead: sid !== null && isDead(world, sid),
    wasIdle: token !== null && token.supersededAt === null && isIdle(world, token),
    wasBelowFloor: token !== null && token.generation < (row?.floor ?? 0),
    wasReplay: token !== null && isReplay(world, token),
    isFair: isHonest && isFair(world, operation)
  }
}

/** Whether an honest client's operation has a right to succeed at this moment. */
export function isFair (world: World, { sid, token }: Operation): boolean {
  return sid !== null && !isDead(world, sid) && !isMisled(world, sid) && (token === null || isFresh(world, token))
}

/** The rule that the end of an operation breaks, or null. */
export function judge (
  world: World,
  { outcome, kind, sid, failed, hasRotated, token, exposed }: Operation,
  expected: Expectation
): string | null {
  if (!outcome) return null

  if ('answer' in outcome) {
    if (kind === 'confirm' && exposed.some(id => world.postgres.isAlive(id))) {
      return 'A session ends when an access token is seen that its last resumption has passed over.'
    }
    if (kind === 'refresh' && expected.wasDead) return 'Nothing that ended ever refreshes again.'
    if (kind === 'refresh' && expected.wasIdle) return 'A token that nobody used until its idle end refreshes nothing.'
    if (kind === 'refresh' && expected.wasBelowFloor) return 'A generation below the floor is reuse, whatever Redis holds.'
    if (expected.wasReplay && world.isIntact) {
      return token && token.burntAt !== null
        ? 'A burnt token is refused at any time, with Redis intact.'
        : 'A superseded token whose successor is confirmed, presented after the grace with Redis intact, is refused.'
    }
    if (outcome.answer && outcome.answer.access.exp > start + terms.sessionTtl) return 'No access token outlives the absolute end.'
    return null
  }

  if (world.failure) return null
  const { code, details: { reason } } = outcome.refusal
  if (code === 'unavailable' && hasRotated && failed.has('postgres') && !failed.has('redis')) return 'An outage of Postgres uses up no token.'
  if (code === 'unavailable' || code === 'overloaded') return null
  if (code === 'invalid_token' && isProof(kind)) return null
  if (expected.isFair && sid !== null) return `An honest client whose session lives is not refused, whatever answers it has lost (${kind}: ${code} ${reason ?? ''}).`
  if (code === 'session_ended' && expected.wasReplay && token && isReplay(world, token) && world.postgres.isAlive(token.sid)) return 'A replay after the grace, or of a burnt token, ends the session with Redis intact.'
  return null
}

/** The rule that the world breaks in its present state, or null. `held` are the tokens of honest clients. */
export function inspect (world: World, held: Token[]): string | null {
  const { postgres, nodes } = world
  if (world.failure) return `Nothing fails but by a refusal: ${world.failure}`

  for (const row of postgres.tables.sessions) {
    if (row.expiresAt !== start + terms.sessionTtl) return 'A rotation never moves the absolute end.'
    const token = held.find(({ sid }) => sid === row.id)
    if (!token || isDead(world, row.id) || isMisled(world, row.id)) continue
    if (row.floor > token.generation && !isReplayed(world, token)) return 'The floor is never above a token that the newest honest client may hold.'
    if (token.burntAt !== null && world.isIntact) return 'A token that an honest client holds is never burnt.'
  }

  if (world.dead.size === 0) return null
  for (const access of world.access) {
    const diedAt = world.dead.get(access.sid)
    for (const node of nodes) {
      const verdict = node.judge(access)
      if (verdict === 'passes' && diedAt !== undefined) {
        if (node.knows.has(access.sid)) return 'A node that has ended a session, or has read since, refuses its access tokens.'
        if (world.now - diedAt >= bound) return 'Three seconds after its end no node that answers takes a session\'s access token.'
      }
      if (verdict === 'session_ended' && diedAt === undefined && postgres.isAlive(access.sid)) return 'No living session is said to have ended.'
    }
  }
  return null
}

/**
 * After a refresh of the owner that has rotated, with Redis intact: the rule that is broken if a token in a thief's
 * hands can still go on, or null. The token that the owner presented, and the one that it was given, are in both hands
 * if a thief has them: whichever of the two goes on next shows the other.
 */
export function inspectTheft (
  world: World,
  { sid, token, hasRotated }: Operation,
  given: Token,
  booty: Set<Token>
): string | null {
  const isNewest = [...world.tokens.values()].every(other => other.sid !== sid || other.order <= given.order)
  const record = sid && hotRecord(world, sid)
  if (!world.isIntact || !hasRotated || !token || !isNewest || !record) return null

  const demand = { floor: 0, grace: terms.grace, now: world.now + terms.grace, canResume: true }
  const goesOn = (each: Token) => rotate(record, each, demand, world.plants).answer.outcome !== 'reused'
  const isFound = [...booty].every(each => each === token || each === given || !goesOn(each))
  return isFound ? null : 'After the owner\'s next refresh a thief goes on with nothing.'
}

/**
 * After a commit that has ended sessions: the rule that this breaks, or null. `before` are the sessions that were alive
 * until then, `contested` those of which somebody else has used a token.
 */
export function inspectCommit (
  world: World,
  { kind, sid }: Operation,
  before: string[],
  { wasFair, contested }: { wasFair: boolean, contested: string[] }
): string | null {
  const mayOf = { refresh: wasFair ? [] : [sid], confirm: [...world.exposed, ...contested] }
  const may = kind === 'refresh' || kind === 'confirm' ? mayOf[kind] : endedBy(kind, sid)
  const gone = before.filter(id => !world.postgres.isAlive(id))
  return gone.every(id => may.includes(id)) ? null : `A session ends only by what is meant to end it (${kind}).`
}

/** The sessions that must be over once such an operation has been answered. */
export function endedBy (kind: Kind, sid: string | null): string[] {
  if (kind === 'local') return sessionIds.filter(id => id === sid)
  if (kind === 'others' || kind === 'change password') return sessionIds.filter(id => id !== sid)
  return kind === 'everywhere' || kind === 'disable' || kind === 'everyone' ? [...sessionIds] : []
}

export function isDead (world: World, sid: string) {
  return world.dead.has(sid) || world.now >= start + terms.sessionTtl
}

export function isLate (world: World, { supersededAt }: Token) {
  return supersededAt !== null && world.now - supersededAt >= terms.grace
}

// A session that outlives a raise is asked to refresh and to try again.
function isProof (kind: Kind) {
  return kind === 'reauthenticate' || kind === 'change password'
}

// Redis knows for certain that this token may not be used any more.
function isReplay (world: World, token: Token) {
  return world.isIntact && isReplayed(world, token) && hotRecord(world, token.sid) !== null
}

// A superseded token whose successors have reached nobody, as far as anybody has shown, is no replay at any time.
function isReplayed (world: World, token: Token) {
  return token.burntAt !== null || (isLate(world, token) && hasConfirmedSuccessor(world, token))
}

function hasConfirmedSuccessor ({ tokens }: World, { sid, order }: Token) {
  return [...tokens.values()].some(token =>
    token.sid === sid && token.order > order && token.isConfirmed && token.burntAt === null)
}

// While Redis is intact, a token is as fresh as the one that it leads to.
function isFresh (world: World, token: Token) {
  const isActive = token.supersededAt !== null && world.isIntact && !isIdle(world, newestOf(world, token.sid))
  return !isReplayed(world, token) && (!isIdle(world, token) || isActive)
}

function newestOf ({ tokens }: World, sid: string): Token {
  return [...tokens.values()]
    .filter(token => token.sid === sid)
    .reduce((newest, token) => token.order > newest.order ? token : newest)
}

function isIdle (world: World, { issuedAt }: Token) {
  return world.now - issuedAt >= terms.refreshTokenTtl
}
