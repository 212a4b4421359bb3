import type { Audit } from '../../lib/audit/audit.ts'
import type { Caller } from '../../lib/http/caller.ts'
import { createChangeFeed } from '../../lib/changes/change-feed.ts'
import { createUnitsOfWork } from '../../lib/changes/unit-of-work.ts'
import type { Clock } from '../../lib/clock.ts'
import { Refusal } from '../../lib/errors.ts'
import type { TokenResponse, TokenResponses } from '../../lib/sessions/token-responses.ts'
import { noMetrics } from '../../lib/operations/metrics.ts'
import { createPasswordChanges } from '../../lib/accounts/password-changes.ts'
import type { PasswordPolicy } from '../../lib/passwords/policy.ts'
import type { Passwords } from '../../lib/passwords/passwords.ts'
import { createRefreshTokens } from '../../lib/sessions/refresh-tokens.ts'
import { createRenewableRevocations } from '../../lib/changes/renewable-revocations.ts'
import { createReauthentications } from '../../lib/logins/reauthentications.ts'
import type { ReauthenticationParts } from '../../lib/logins/reauthentications.ts'
import { createSessions } from '../../lib/sessions/sessions.ts'
import type { SessionTokens } from '../../lib/sessions/session-tokens.ts'
import { createSightings } from '../../lib/sessions/sightings.ts'
import { createSignOuts } from '../../lib/accounts/sign-outs.ts'
import type { SignOutScope } from '../../lib/accounts/sign-outs.ts'
import type { ChangeStore, Cursor } from '../../lib/changes/change-store.ts'
import type { Database, Transaction } from '../../lib/stores/database.ts'
import type { DeploymentStore } from '../../lib/changes/deployment-store.ts'
import type { HotSessions, Newest, Step } from '../../lib/sessions/hot-session-store.ts'
import type { SessionStore } from '../../lib/sessions/session-store.ts'
import type { SignInStore } from '../../lib/sessions/sign-in-store.ts'
import type { Amendment, UserStore } from '../../lib/users/user-store.ts'
import type { Tokens } from '../../lib/tokens/access-tokens.ts'
import type { HierarchyStore } from '../../lib/access/hierarchy-store.ts'
import type { RoleStore } from '../../lib/access/role-store.ts'
import { createConfirmations } from '../../lib/tokens/confirmations.ts'
import type { Confirmation } from '../../lib/tokens/confirmations.ts'
import type { AdminActions } from '../../lib/administration/admin-actions.ts'
import { createUserAdministration } from '../../lib/administration/users.ts'
import type { UserAdministrationParts } from '../../lib/administration/users.ts'
import { answerMaxMs, confirm, rotate } from './hot-record.ts'
import type { HotRecord, Presented } from './hot-record.ts'
import type { Draft } from './postgres.ts'
import { minute, sessionIds, start, terms } from './terms.ts'
import type { Access, Answered, Call, Kind, Store, Token, World } from './world.ts'
import { createFlows } from '../../lib/stores/flows.ts'

export type Node = ReturnType<typeof createNode>

const refreshTokens = createRefreshTokens([Buffer.alloc(32, 7)])
const nobody: Caller = { ip: '192.0.2.1', userAgent: null, requestId: 'model' }

/** A process: nothing in its memory outlives it. */
export function createNode (world: World, name: number) {
  const { postgres, plants } = world
  const clock: Clock = { now: () => world.now, monotonic: () => world.now - start, offset: 0, advance () {} }
  const keepMs = plants.has('a node forgets too early') ? minute : terms.accessTokenTtl + minute
  const revocations = createRenewableRevocations(clock, { keepMs })
  const node = { name, isCut: false, knows: new Set<string>(), passes, judge, see, work, forget: revocations.forget }
  const confirmations = createConfirmations(noMetrics)
  let lastCall: Promise<unknown> = Promise.resolve()

  const audit = {
    async record (query: unknown) { if (query === database) await call(world, 'postgres', 'audit', () => {}) }
  } as unknown as Audit
  const jobs = { send: async () => {} }
  const database = { begin } as unknown as Database
  const changes = {
    append: async (tx: unknown, change: Parameters<typeof postgres.append>[1]) => postgres.append(tx as Draft, change),
    since: (from: Cursor) => call(world, 'postgres', 'read the feed', () => told(postgres.since(from))),
    recent: (milliseconds: number) => call(world, 'postgres', 'read the feed', () => told(postgres.recent(milliseconds))),
    firstRaise: (session: Parameters<typeof postgres.firstRaise>[0]) => call(world, 'postgres', 'ask why', () => postgres.firstRaise(session))
  } as ChangeStore
  const { apply, startOver, settle } = revocations
  const feed = createChangeFeed({ store: changes, clock, apply, startOver, settle, wake: async () => {}, warn () {} })
  const publish: typeof feed.publish = written => plants.has('the writer does not tell itself') || feed.publish(written)
  const sightings = createSightings(seen => call(world, 'postgres', 'write behind', () => postgres.write(draft => {
    for (const { sessionId, floor, seenAt } of seen) {
      for (const row of draft.sessions) {
        if (row.id !== sessionId) continue
        row.floor = Math.max(row.floor, floor)
        row.lastSeenAt = Math.max(row.lastSeenAt, seenAt.getTime())
      }
    }
  }), true))

  const store = {
    find: (id: string) => call(world, 'postgres', 'read the session', () => postgres.state(id)),
    end: async (tx: unknown, id: string, reason: Parameters<typeof postgres.end>[2]) => {
      if (!plants.has('a session is ended in Redis only')) return postgres.end(tx as Draft, id, reason)
      world.redis.delete(id)
      return false
    },
    lift: async (tx: unknown, id: string, { from, to }: { from: number, to: number }) =>
      postgres.lift(tx as Draft, id, from, to)
  } as unknown as SessionStore
  const hot = {
    present: (id: string, presented: Newest, demand: Demand) =>
      call(world, 'redis', 'present', () => step(id, presented, demand)),
    advance: (id: string, demand: Demand) => call(world, 'redis', 'advance', () => step(id, null, demand)),
    confirm: (id: string, seen: Newest) => call(world, 'redis', 'confirm', () => tell(id, seen)),
    newest: (id: string) => call(world, 'redis', 'look', () => hotRecord(world, id)?.generation ?? null)
  } as unknown as HotSessions
  const users = {
    lock: async (tx: unknown, checked: UserEpochs) => isStill(tx as Draft, checked),
    raiseEpoch: async (tx: unknown) => raise(tx as Draft).sessionEpoch,
    amend: async (tx: unknown, _id: string, { status }: Amendment) => {
      const draft = tx as Draft
      if (status) draft.user.status = status
      return raise(draft)
    }
  } as unknown as UserStore
  const passwordStore = {
    replace: async (tx: unknown, checked: UserEpochs) => isStill(tx as Draft, checked) ? raise(tx as Draft) : null
  }
  const deployment: DeploymentStore = {
    endEverything: async ({ tx, change }) => {
      const draft = tx as unknown as Draft
      draft.globalEpoch++
      await change({ kind: 'everyone', number: draft.globalEpoch, reason: 'everyone_signed_out' })
    }
  }
  const tokenResponses = { issue: answer } as unknown as TokenResponses
  const passwords = { verify: async () => true, hash: async () => 'another hash' } as unknown as Passwords
  const policy = { check: () => [] } as unknown as PasswordPolicy
  const unitsOfWork = createUnitsOfWork({ database, changes, publish, flows: createFlows() })
  const oneTimeTokens = { revoke: async () => {} }
  // Every password is right here; the effect of a wrong one is tested elsewhere.
  const checks = { checkInSession: async () => {} }

  // Ranks are tested elsewhere: here the actor may, and only the subject's row matters.
  const actions = {
    perform: async (_id: string, _by: unknown, work: (action: unknown) => Promise<void>) => {
      const auditFields = { outcome: 'success', actorId: 'admin', caller: nobody }
      await unitsOfWork.commit(async unit =>
        await work({ ...unit, subject: (unit.tx as unknown as Draft).user, auditFields }))
    }
  } as unknown as AdminActions

  const sessions = createSessions({
    database,
    ...unitsOfWork,
    store,
    signIns: {} as SignInStore,
    hot,
    changes,
    refreshTokens,
    oneTimeTokens,
    sightings,
    audit,
    jobs,
    statuses: { record () {} },
    metrics: noMetrics,
    clock,
    lifetimes: terms
  })
  // Everybody is signed out by an operator only, so no actor is read.
  const actors = { hierarchy: {} as HierarchyStore, roleStore: {} as RoleStore }
  const signOuts = createSignOuts({
    ...unitsOfWork,
    ...actors,
    users,
    deployment,
    sessions,
    tokens: {} as Tokens,
    audit
  })
  const rateLimits = { count: async <T>(_request: unknown, work: () => Promise<T>) => await work() }
  const passwordChanges = createPasswordChanges({
    rateLimits,
    ...unitsOfWork,
    passwordStore,
    sessions,
    tokenResponses,
    oneTimeTokens,
    totpSecrets: { async forgetStrangersFailures () {} },
    policy,
    passwords,
    checks,
    jobs,
    clock
  })
  const reauthentications = createReauthentications({
    database,
    rateLimits,
    users,
    sessions,
    tokenResponses,
    checks,
    audit,
    clock
  } as unknown as ReauthenticationParts)
  const administration = createUserAdministration({
    actions,
    users,
    sessions,
    audit,
    clock
  } as unknown as UserAdministrationParts)
  return node

  /** Runs an operation on this node; resolves with the answer that the client gets. */
  async function work (kind: Kind, sid: string | null, token: Token | null): Promise<Answered | null> {
    if (kind === 'read') await feed.read()
    if (kind === 'write behind') await sightings.flush()
    if (kind === 'confirm') await confirmations.flush(tellNext)
    if (kind === 'disable') await administration.disable(postgres.tables.user.id, { principal: { userId: 'admin', sessionId: 'admin', role: 'super_admin', acr: 'phr', authTime: 0 }, caller: nobody })
    if (kind === 'everyone') await signOuts.signOutEveryone({ caller: nobody })
    if (kind === 'refresh' && token) return tokenResponse(tokenResponses.issue(await refresh(token)))
    if (sid === null) return null

    if (kind === 'reauthenticate') return tokenResponse(await reauthentications.reauthenticate({ userId: 'nobody', sessionId: sid }, { password: 'password' }, nobody))
    if (kind === 'change password') return tokenResponse(await passwordChanges.changePassword({ userId: 'nobody', sessionId: sid }, { currentPassword: 'password', newPassword: 'another' }, nobody))
    await signOuts.signOut(await sessions.find(sid), kind as SignOutScope, nobody)
    return null
  }

  async function refresh ({ text, sid, generation, issuedAt }: Token) {
    if (plants.has('Redis is asked before Postgres')) await hot.present(sid, { generation, issuedAt }, { floor: 0, lifetimeMs: terms.refreshTokenTtl })
    return await sessions.refresh({ transport: 'bearer', claims: sessions.read(text) }, nobody)
  }

  /** Whether a request with this access token would be answered here. */
  function passes (access: Access): boolean {
    return judge(access) === 'passes'
  }

  function judge (access: Access): 'passes' | 'expired' | 'unavailable' | string {
    if (access.exp <= world.now) return 'expired'
    if (!feed.isFresh() && !plants.has('a node that has not read answers')) return 'unavailable'
    try {
      revocations.check(access)
      return 'passes'
    } catch (error) {
      return error instanceof Refusal ? error.code : String(error)
    }
  }

  /** An access token is presented: the node notes its generation, and tells Redis later. */
  function see (access: Access) {
    confirmations.note(access)
  }

  // An operation of the model makes one call at a time.
  function tellNext (seen: Confirmation): Promise<void> {
    const next = lastCall.then(() => sessions.confirm(seen))
    lastCall = next.catch(() => {})
    return next
  }

  function tell (sid: string, seen: Newest) {
    const kept = world.redis.get(sid)
    if (!kept || kept.until <= world.now) return 'unchanged'
    const { answer, record } = confirm(kept.record, seen, plants)
    kept.record = record
    for (const token of world.tokens.values()) {
      if (token.sid === sid && token.generation === seen.generation) noteSeen(token, seen)
    }
    return answer
  }

  // The record knows what its last resumption has passed over. What an earlier one has may be forgotten.
  function noteSeen (token: Token, { issuedAt }: Newest) {
    const { sid, burntAt } = token
    if (burntAt === null) token.isConfirmed = true
    if (burntAt === null || issuedAt + answerMaxMs > burntAt) return

    world.exposed.add(sid)
    const isOfLast = [...world.tokens.values()].every(other => other.sid !== sid || (other.burntAt ?? 0) <= burntAt)
    if (isOfLast && world.isIntact) world.current?.exposed.push(sid)
  }

  async function begin<T> (work: (tx: Transaction) => Promise<T>): Promise<T> {
    const operation = world.current
    const draft = await call(world, 'postgres', 'begin', postgres.begin, true)
    if (operation) operation.draft = draft
    try {
      const value = await work(draft as unknown as Transaction)
      await call(world, 'postgres', 'commit', () => {
        const before = sessionIds.filter(id => postgres.isAlive(id))
        postgres.commit(draft)
        if (operation) world.observe.committed(world, operation, before)
      })
      return value
    } finally {
      if (!draft.isLeft) postgres.rollBack(draft)
      if (operation) operation.draft = null
    }
  }

  function step (id: string, presented: Presented, { floor, lifetimeMs }: Demand): Step {
    const known = hotRecord(world, id)
    const demand = { floor, grace: terms.grace, now: world.now, canResume: true }
    const { answer, record } = rotate(known, presented, demand, plants)
    if (answer.outcome === 'reused') return answer

    if (answer.outcome === 'rotated' && record) {
      world.redis.set(id, { record, until: world.now + lifetimeMs })
      if (world.current) world.current.hasRotated = true
      if (plants.has('a rotation moves the absolute end')) postgres.tables.sessions.filter(row => row.id === id).forEach(row => { row.expiresAt = world.now + terms.sessionTtl })
    }
    if (!presented && isDeceived(id, answer.generation, floor, known)) world.misled.add(id)
    const token = remember(world, { sid: id, generation: answer.generation, issuedAt: answer.issuedAt })
    if (answer.outcome === 'rotated') supersede(world, id, presented, token)
    return { ...answer, counts: [] }
  }

  function isDeceived (id: string, generation: number, floor: number, known: HotRecord | null) {
    return (known && known.generation >= floor ? generation : floor + 1001) <= highest(world, id)
  }

  function answer ({ state, newest, refreshToken }: SessionTokens) {
    const reread = plants.has('the epochs of an access token are read again')
    const { user, globalEpoch } = postgres.tables
    const epoch: [number, number] = reread ? [globalEpoch, user.epoch] : [state.globalEpoch, state.userEpoch]
    const exp = Math.min(world.now + terms.accessTokenTtl, state.expiresAt.getTime())
    const iat = Math.floor(world.now / 1000)
    return {
      refresh: world.tokens.get(refreshToken),
      access: { sid: state.sessionId, sub: state.id, epoch, gen: newest.generation, iat, exp }
    } as unknown as TokenResponse
  }

  function told<T> (tail: T): T {
    if (world.current) world.current.told = [...world.dead.keys()]
    return tail
  }

  function isStill ({ user, globalEpoch }: Draft, { sessionEpoch, deploymentEpoch }: UserEpochs) {
    return user.status === 'active' && user.epoch === sessionEpoch && globalEpoch === deploymentEpoch
  }

  function raise (draft: Draft) {
    draft.user.version++
    return { sessionEpoch: ++draft.user.epoch, version: draft.user.version }
  }
}

interface Demand { floor: number, lifetimeMs: number }
interface UserEpochs { sessionEpoch: number, deploymentEpoch: number }

function tokenResponse (answer: TokenResponse) {
  return answer as unknown as Answered
}

/** The record of a session that Redis holds and has not expired. */
export function hotRecord (world: World, id: string): HotRecord | null {
  const kept = world.redis.get(id)
  return kept && kept.until > world.now ? kept.record : null
}

/** The facts about a token from the moment it is made. */
export function remember (world: World, claims: Pick<Token, 'sid' | 'generation' | 'issuedAt'>): Token {
  const text = refreshTokens.issue({ transport: 'bearer', sessionId: claims.sid, generation: claims.generation, issuedAt: claims.issuedAt })
  const known = world.tokens.get(text)
  if (known) return known

  const token: Token = {
    ...claims,
    text,
    order: world.tokens.size,
    supersededAt: null,
    isConfirmed: false,
    burntAt: null
  }
  world.tokens.set(text, token)
  world.observe.made(world, token)
  return token
}

function highest ({ tokens }: World, id: string) {
  return Math.max(...[...tokens.values()].filter(({ sid }) => sid === id).map(({ generation }) => generation))
}

// A token that was presented, and all before it, are superseded from the moment one is made for it. What was made
// after it, and before this moment, is burnt.
function supersede (world: World, sid: string, presented: Presented, made: Token) {
  const text = presented && refreshTokens.issue({ transport: 'bearer', sessionId: sid, ...presented })
  const order = text === null ? Infinity : world.tokens.get(text)?.order ?? -1
  for (const token of world.tokens.values()) {
    if (token.sid !== sid || token === made) continue
    if (token.order > order && world.isIntact) token.burntAt ??= world.now
    if (token.order <= order) token.supersededAt ??= world.now
    if (token.text !== text) continue
    token.supersededAt = world.now
    token.isConfirmed = true
  }
}

function call<T> (world: World, store: Store, what: string, run: () => T, needsLock = false): Promise<T> {
  const operation = world.current
  if (!operation || operation.waits) throw new Error('an operation does one thing at a time')
  return new Promise<T>((resolve, reject) => {
    operation.waits = { store, what, needsLock, run, resolve: resolve as Call['resolve'], reject }
  })
}
