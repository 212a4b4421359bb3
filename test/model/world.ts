import { Refusal, unavailable } from '../../lib/errors.ts'
import type { TokenState } from '../../lib/changes/revocations.ts'
import { opened } from './hot-record.ts'
import type { HotRecord } from './hot-record.ts'
import { createNode, remember } from './node.ts'
import type { Node } from './node.ts'
import type { Plants } from './plants.ts'
import { createPostgres } from './postgres.ts'
import type { Draft, Postgres } from './postgres.ts'
import { sessionIds, start, terms } from './terms.ts'

/** The truth about a refresh token, whatever Redis remembers. */
export interface Token {
  text: string
  sid: string
  generation: number
  issuedAt: number
  /** The position of the token in the order in which all were made. */
  order: number
  /**
   * When this token was last rotated, or before that when one made after it was rotated or the password was checked
   * again.
   */
  supersededAt: number | null
  /** It has been presented, or Redis was told that an access token of its generation was seen. */
  isConfirmed: boolean
  /**
   * When a token from before it was rotated after it was made, with Redis intact: no honest client ever received it.
   */
  burntAt: number | null
}

/** `iat` in whole seconds, as in the token. */
export interface Access extends TokenState { exp: number, iat: number, gen: number }

export interface Answered { refresh: Token, access: Access }

export type Kind = 'refresh' | 'reauthenticate' | 'change password' | 'local' | 'others' | 'everywhere' | 'disable' | 'everyone' | 'read' | 'write behind' | 'confirm'
export type Outcome = { answer: Answered | null } | { refusal: Refusal }

/** One piece of a node's work, from its request to its answer: it waits at each call to a store. */
export interface Operation {
  slot: string
  kind: Kind
  node: Node
  sid: string | null
  token: Token | null
  waits: Call | null
  draft: Draft | null
  outcome: Outcome | null
  /** The answer reaches nobody. */
  isLost: boolean
  hasRotated: boolean
  failed: Set<Store>
  /** The sessions that its commit has ended. */
  ended: string[]
  /** The changes that the feed contained when it was read. */
  told: string[]
  /** The sessions of which it has told Redis that an access token of a burnt refresh token was seen. */
  exposed: string[]
}

export type Store = 'postgres' | 'redis'
export type Manner = 'is answered' | 'is not done' | 'is done, the answer is lost'

export interface World {
  now: number
  plants: Plants
  postgres: Postgres
  observe: Observer
  redis: Map<string, Kept>
  saved: Map<string, Kept>
  /** Redis has lost nothing so far. */
  isIntact: boolean
  /** Every refresh token that was ever made, by its text. */
  tokens: Map<string, Token>
  /** Access tokens that have not expired. */
  access: Access[]
  /** Sessions for which nothing could reveal the loss of writes; see `isMisled` in rules.ts. */
  misled: Set<string>
  /** Sessions of which Redis was told of an access token that belongs to a burnt refresh token. */
  exposed: Set<string>
  /** Sessions that are over, and since when. */
  dead: Map<string, number>
  nodes: Node[]
  operations: Map<string, Operation>
  /** The operation whose turn it is; it makes the calls to stores. */
  current: Operation | null
  /** A thrown error that is not a refusal. */
  failure: string | null
}

/** Is called for the events that the rules are about. `before` are the sessions that were alive until a commit. */
export interface Observer {
  committed: (world: World, operation: Operation, before: string[]) => void
  made: (world: World, token: Token) => void
}

/** A record in Redis, and when it expires. */
interface Kept { record: HotRecord, until: number }

/** A call for whose answer a node waits. */
export interface Call {
  store: Store
  what: string
  needsLock: boolean
  run: () => unknown
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

/**
 * One user with two sessions, two nodes that run the real use cases, a Postgres and a Redis of the model's own. A
 * node's call to a store waits until the player says how it continues, so any other event can happen in between.
 */
export function createWorld (plants: Plants, observe: Observer): World {
  const postgres = createPostgres(plants, () => world.now)
  const world: World = {
    now: start,
    plants,
    postgres,
    observe,
    redis: new Map(),
    saved: new Map(),
    isIntact: true,
    tokens: new Map(),
    access: [],
    misled: new Set(),
    exposed: new Set(),
    dead: new Map(),
    nodes: [],
    operations: new Map(),
    current: null,
    failure: null
  }

  for (const id of sessionIds) {
    postgres.insert({ id, lastSeenAt: start, expiresAt: start + terms.sessionTtl })
    world.redis.set(id, { record: opened(start), until: start + terms.refreshTokenTtl })
    remember(world, { sid: id, generation: 1, issuedAt: start })
    const sub = postgres.tables.user.id
    world.access.push({ sid: id, sub, epoch: [0, 0], gen: 1, iat: start / 1000, exp: start + terms.accessTokenTtl })
  }
  world.nodes = [createNode(world, 1), createNode(world, 2)]
  return world
}

/** Begins an operation, up to its first call to a store. */
export async function begin (
  world: World,
  slot: string,
  kind: Kind,
  node: Node,
  { sid = null, token = null }: { sid?: string | null, token?: Token | null } = {}
): Promise<Operation> {
  const operation: Operation = {
    slot,
    kind,
    node,
    sid,
    token,
    waits: null,
    draft: null,
    outcome: null,
    isLost: false,
    hasRotated: false,
    failed: new Set(),
    ended: [],
    told: [],
    exposed: []
  }
  world.operations.set(slot, operation)
  world.current = operation
  node.work(kind, sid, token).then(answer => { operation.outcome = { answer } }, error => {
    if (!(error instanceof Refusal)) {
      world.failure ??= error instanceof Error ? error.stack ?? error.message : String(error)
    }
    operation.outcome = { refusal: error }
  })
  await settle()
  return operation
}

export function canGoOn (world: World, { waits }: Operation): boolean {
  return waits !== null && !(waits.needsLock && world.postgres.isLocked)
}

/** Lets an operation's call to a store end as told, and runs the operation up to its next call. */
export async function goOn (world: World, operation: Operation, manner: Manner) {
  const { waits, node } = operation
  if (!waits) return

  operation.waits = null
  world.current = operation
  const isAway = (waits.store === 'postgres' && node.isCut) || manner === 'is not done'
  if (isAway || manner !== 'is answered') operation.failed.add(waits.store)
  try {
    const value = isAway ? undefined : waits.run()
    if (isAway || manner !== 'is answered') waits.reject(unavailable())
    else waits.resolve(value)
  } catch (error) {
    waits.reject(error)
  }
  await settle()
}

/** Ends a node with all its operations, and puts an empty one in its place. */
export function kill (world: World, node: Node) {
  for (const [slot, operation] of world.operations) {
    if (operation.node !== node) continue
    if (operation.draft) world.postgres.rollBack(operation.draft)
    world.operations.delete(slot)
  }
  world.nodes = world.nodes.map(each => each === node ? createNode(world, node.name) : each)
}

/**
 * Passes the deadline of a commit: the waiting operation is told that Postgres does not answer, and the commit goes
 * on by itself. Returns the commits that are then under way.
 */
export async function leave (world: World, operation: Operation): Promise<Operation | null> {
  const { waits, draft } = operation
  if (!waits || !draft) return null

  draft.isLeft = true
  operation.waits = null
  operation.failed.add('postgres')
  world.current = operation
  waits.reject(unavailable())
  await settle()
  return { ...operation, slot: 'a commit', draft, outcome: null, waits: { ...waits, resolve () {}, reject () { world.postgres.rollBack(draft) } } }
}

function settle () {
  return new Promise(resolve => setImmediate(resolve))
}
