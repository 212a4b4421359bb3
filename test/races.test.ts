import { randomInt, randomUUID } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { createClock } from '../lib/clock.ts'
import { Refusal } from '../lib/errors.ts'
import type { TokenResponse } from '../lib/sessions/token-responses.ts'
import { disable as disableUser } from './support/accounts/people.ts'
import { cheapHasher } from './support/hashers.ts'
import { deploy, password as oldPassword, start } from './support/helper.ts'

type Node = Awaited<ReturnType<typeof start>>

/** All tokens that the holder of a session has been given, the newest last as far as that is known. */
interface SessionTokens { id: string, refreshTokens: string[], accessTokens: string[] }

const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'race' }
const rounds = 3000
const roundsTimeoutMs = 12_000
const atOnce = 6

const seed = Number(process.env['LATCHKEY_TEST_SEED'] ?? randomInt(2 ** 31))
t.comment(`LATCHKEY_TEST_SEED=${seed}`)

const nodes = await openNodes()
const passwordHash = await cheapHasher.hash(Buffer.from(oldPassword), { memoryKib: 19_456, passes: 2, parallelism: 1 })

t.test('no token survives its end when refreshes, logouts, a disable and password changes race', async t => {
  await race(t, async (round, random) => {
    const user = await makeUser()
    const sessions = await Promise.all(Array.from(
      { length: 1 + random(3) },
      () => logIn(pick(nodes, random), user.email)
    ))
    const happened = {
      ended: new Set<string>(),
      leftBefore: new Set<string>(),
      everywhere: new Set<string>(),
      told: new Set<string>(),
      sweeps: 0,
      isDisabled: false,
      changed: [] as Array<{ by: string, to: string, tokenResponse: TokenResponse }>
    }

    const acts = [
      ...Array.from({ length: 2 + random(4) }, () => refresh),
      ...(random(2) ? [logOut('local')] : []),
      ...(random(3) === 0 ? [logOut('everywhere')] : []),
      ...(random(4) === 0 ? [logOut('others')] : []),
      ...(random(3) === 0 ? [disable] : []),
      ...Array.from({ length: random(3) }, () => changePassword)
    ]
    await Promise.all(shuffle(acts, random).map(act => act(pick(sessions, random))))
    await settle()

    const alive = await aliveOf(user.id)
    for (const session of sessions) await holds(round, session, alive)
    for (const id of happened.told) claim(round, !alive.has(id), 'a living session was told that it has ended')
    for (const id of happened.ended) claim(round, !alive.has(id), `logged out and alive: ${id}`)
    if (happened.isDisabled) claim(round, alive.size === 0, 'disabled with a session')
    await judgePasswords(round, user.email, happened)

    // The session with the last password change survives, unless something else has ended it.
    const [change] = happened.changed.slice(-1)
    if (change) {
      for (const id of alive) claim(round, id === change.by, `${id} outlived the change by ${change.by}`)
      const isOnlyChange = happened.sweeps === 0 && happened.changed.length === 1
      if (!happened.isDisabled && !happened.ended.has(change.by) && isOnlyChange) {
        claim(round, alive.has(change.by), 'the changer’s session is dead')
        for (const node of nodes) claim(round, await admits(node, change.tokenResponse.access_token) === 'yes', 'the changer’s new access token is refused')
      }
    }

    // Only three things can keep `everywhere` from ending all: the caller's own logout, which leaves no live
    // access token to prove it with, a password change, or a disable.
    for (const id of happened.everywhere) {
      claim(round, !alive.has(id), 'alive after its own logout everywhere')
      if (!happened.leftBefore.has(id) && happened.changed.length === 0 && happened.ended.size === 1 && happened.sweeps === 1) claim(round, alive.size === 0, 'alive after a logout everywhere')
    }

    async function refresh (session: SessionTokens) {
      await pauses(random)
      const tokenResponse = await refused(round, refreshAt(pick(nodes, random), pick(session.refreshTokens, random)), ['session_ended'])
      if (tokenResponse) keep(session, tokenResponse)
      else happened.told.add(session.id)
    }

    function logOut (scope: 'local' | 'others' | 'everywhere') {
      return async (session: SessionTokens) => {
        const proof = random(2) ? { accessToken: session.accessTokens[0] } : { refreshToken: presented(session.refreshTokens[0] ?? '') }
        await pauses(random)
        await pick(nodes, random).accounts.logout({ scope, ...proof }, caller)
        // With a refresh token that has been superseded meanwhile, any scope ends its own session only.
        if (scope === 'local') happened.leftBefore.add(session.id)
        if (scope !== 'others') happened.ended.add(session.id)
        if (scope !== 'local') happened.sweeps++
        if (scope === 'everywhere' && 'accessToken' in proof) happened.everywhere.add(session.id)
      }
    }

    async function disable () {
      await pauses(random)
      await disableUser(pick(nodes, random), user.id)
      happened.isDisabled = true
    }

    async function changePassword (session: SessionTokens) {
      const to = `seven quiet herons over reeds ${randomUUID().slice(0, 8)}`
      await pauses(random)
      const ended = () => { happened.told.add(session.id) }
      const tokenResponse = await refused(round, pick(nodes, random).accounts.changePassword({ userId: user.id, sessionId: session.id }, { currentPassword: oldPassword, newPassword: to }, caller), ['session_ended', 'invalid_credentials', 'invalid_token'], ended)
      if (!tokenResponse) return
      keep(session, tokenResponse)
      happened.changed.push({ by: session.id, to, tokenResponse })
    }
  })
})

t.test('no session outlives its password when logins, password changes and a disable race', async t => {
  await race(t, async (round, random) => {
    const user = await makeUser()
    const holder = await logIn(pick(nodes, random), user.email)
    const opened: SessionTokens[] = []
    const happened = {
      isDisabled: false,
      changed: [] as Array<{ to: string, by: string, tokenResponse: TokenResponse }>
    }

    const acts = [
      ...Array.from({ length: 2 + random(4) }, () => signIn),
      ...Array.from({ length: random(3) }, () => changePassword),
      ...(random(2) ? [disable] : []),
      ...(random(3) === 0 ? [reauthenticate] : [])
    ]
    await Promise.all(shuffle(acts, random).map(act => act()))
    await settle()

    const alive = await aliveOf(user.id)
    for (const session of [holder, ...opened]) await holds(round, session, alive)
    if (happened.isDisabled) claim(round, alive.size === 0, 'disabled with a session')
    if (happened.changed.length) for (const { id } of opened) claim(round, !alive.has(id), 'a login with the old password outlived the change')
    if (happened.changed.length && !happened.isDisabled) claim(round, alive.has(holder.id), 'the changer’s session is dead')
    if (!happened.changed.length && !happened.isDisabled) for (const { id } of opened) claim(round, alive.has(id), 'a login was lost')
    await judgePasswords(round, user.email, happened)

    async function signIn () {
      await pauses(random)
      const tokenResponse = await refused(round, pick(nodes, random).accounts.login({ email: user.email, password: oldPassword, transport: 'bearer', deviceName: null }, caller), ['invalid_credentials', 'account_disabled'])
      if (tokenResponse) opened.push(held(tokenResponse))
    }

    async function reauthenticate () {
      await pauses(random)
      const tokenResponse = await refused(round, pick(nodes, random).accounts.reauthenticate({ userId: user.id, sessionId: holder.id }, { password: oldPassword }, caller), ['session_ended', 'invalid_credentials', 'invalid_token'])
      if (tokenResponse) keep(holder, tokenResponse)
    }

    async function changePassword () {
      const to = `seven quiet herons over reeds ${randomUUID().slice(0, 8)}`
      await pauses(random)
      const tokenResponse = await refused(round, pick(nodes, random).accounts.changePassword({ userId: user.id, sessionId: holder.id }, { currentPassword: oldPassword, newPassword: to }, caller), ['session_ended', 'invalid_credentials', 'invalid_token'])
      if (!tokenResponse) return
      keep(holder, tokenResponse)
      happened.changed.push({ to, by: holder.id, tokenResponse })
    }

    async function disable () {
      await pauses(random)
      await disableUser(pick(nodes, random), user.id)
      happened.isDisabled = true
    }
  })
})

t.test('no session survives when logins and refreshes race with signing everybody out', async t => {
  for (let round = 0; round < 60; round++) {
    const random = generator(seed + round)
    const user = await makeUser()
    const sessions = [await logIn(pick(nodes, random), user.email)]

    await Promise.all(shuffle([logInAgain, logInAgain, refresh, refresh, signOutEveryone], random).map(act => act()))
    await settle()

    const alive = await aliveOf(user.id)
    claim(round, !alive.has(sessions[0]?.id ?? ''), 'a session from before is alive')
    for (const session of sessions) await holds(round, session, alive)

    async function logInAgain () {
      await pauses(random)
      const tokenResponse = await refused(round, pick(nodes, random).accounts.login({ email: user.email, password: oldPassword, transport: 'bearer', deviceName: null }, caller), ['invalid_credentials'])
      if (tokenResponse) sessions.push(held(tokenResponse))
    }

    async function refresh () {
      const [session] = sessions
      await pauses(random)
      const tokenResponse = await refused(round, refreshAt(pick(nodes, random), session?.refreshTokens[0] ?? ''), ['session_ended'])
      if (tokenResponse && session) keep(session, tokenResponse)
    }

    async function signOutEveryone () {
      await pauses(random)
      await pick(nodes, random).accounts.signOutEveryone({ caller })
    }
  }
  t.pass()
})

/**
 * Runs rounds, several at once, until there were enough or the time is over. A claim that does not hold names its
 * round.
 */
async function race (t: Test, play: (round: number, random: (below: number) => number) => Promise<void>) {
  const end = performance.now() + roundsTimeoutMs
  let next = 0

  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < rounds && performance.now() < end) {
      const round = next++
      await play(round, generator(seed + round))
    }
  }))
  t.ok(next > 0, `${next} rounds`)
}

/** What must hold for every token of a session on every node, given whether the session is alive in Postgres. */
async function holds (round: number, session: SessionTokens, alive: Set<string>) {
  const isAlive = alive.has(session.id)

  for (const node of nodes) {
    for (const token of session.accessTokens) {
      const answer = await admits(node, token)
      claim(round, isAlive ? answer !== 'ended' : answer !== 'yes', `${isAlive ? 'living' : 'dead'} session, access token: ${answer}`)
    }
  }
  const [first = '', ...later] = session.refreshTokens
  const answers = await Promise.all([first, ...later.slice(-2)].map(async (token, place) =>
    await refused(round, refreshAt(pick(nodes, () => place % 2), token), isAlive ? [] : ['session_ended'])))
  claim(round, answers.every(tokenResponse => Boolean(tokenResponse) === isAlive), `${isAlive ? 'living' : 'dead'} session, refresh tokens`)
}

/**
 * The old password signs in only if nothing has changed it, the new one only if something has; none after a disable.
 */
async function judgePasswords (
  round: number,
  email: string,
  { isDisabled, changed }: { isDisabled: boolean, changed: Array<{ to: string }> }
) {
  claim(round, changed.length <= 1, 'two changes from one password')
  claim(round, await letsIn(email, oldPassword) === (!isDisabled && changed.length === 0), 'the old password')
  for (const { to } of changed) claim(round, await letsIn(email, to) === !isDisabled, 'the new password')
}

async function letsIn (email: string, password: string) {
  try {
    await pick(nodes, () => 0).accounts.login({ email, password, transport: 'bearer', deviceName: null }, caller)
    return true
  } catch (error) {
    if (error instanceof Refusal && ['invalid_credentials', 'account_disabled'].includes(error.code)) return false
    throw error
  }
}

async function admits (node: Node, token: string) {
  try {
    await node.authentication.authenticate(token)
    return 'yes'
  } catch (error) {
    if (error instanceof Refusal && error.code === 'session_ended') return 'ended'
    if (error instanceof Refusal && error.code === 'invalid_token') return 'superseded'
    throw error
  }
}

/** The result, or undefined for a refusal that is allowed; anything else is an error. */
async function refused<T> (round: number, work: Promise<T>, codes: string[], ended = () => {}): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Refusal && codes.includes(error.code) && error.details.reason !== 'reuse_detected') {
      if (error.code === 'session_ended') ended()
      return undefined
    }
    const causes = [error, error instanceof Error ? error.cause : undefined].map(String).join(' because of ')
    throw new Error(`seed ${seed}, round ${round}: ${causes} ${error instanceof Refusal ? `${error.code} ${error.details.reason}` : ''}`, { cause: error })
  }
}

function claim (round: number, isTrue: boolean, what: string) {
  if (!isTrue) throw new Error(`seed ${seed}, round ${round}: ${what}`)
}

async function aliveOf (userId: string) {
  const rows = await pick(nodes, () => 0).database<{ id: string }>`
    select s.id
    from sessions s
    join users u on u.id = s.user_id and u.status = 'active' and u.session_epoch = s.user_epoch
    cross join deployment d
    where s.user_id = ${userId} and s.ended_at is null and s.global_epoch = d.session_epoch`
  return new Set(rows.map(({ id }) => id))
}

async function settle () {
  await Promise.all(nodes.map(node => node.feed.read()))
}

async function makeUser () {
  const id = randomUUID()
  const email = `${id}@example.com`
  await pick(nodes, () => 0).database`
    insert into users (id, email, email_canonical, email_verified, password_hash, full_name, role)
    values (${id}, ${email}, ${email}, true, ${passwordHash}, 'Ada King', 'user')`
  return { id, email }
}

async function logIn (node: Node, email: string) {
  return held(await node.accounts.login({ email, password: oldPassword, transport: 'bearer', deviceName: null }, caller))
}

function held (tokenResponse: TokenResponse): SessionTokens {
  return {
    id: tokenResponse.session.id,
    refreshTokens: [tokenResponse.refresh_token],
    accessTokens: [tokenResponse.access_token]
  }
}

function keep (session: SessionTokens, tokenResponse: TokenResponse) {
  session.refreshTokens.push(tokenResponse.refresh_token)
  session.accessTokens.push(tokenResponse.access_token)
}

/** Lets other work go first: a few turns of the event loop, sometimes a few milliseconds. */
async function pauses (random: (below: number) => number) {
  if (random(3) === 0) await new Promise(resolve => setTimeout(resolve, random(6)))
  for (let turns = random(8); turns > 0; turns--) await new Promise(resolve => setImmediate(resolve))
}

/** A refresh at a node, as the route does it. */
async function refreshAt (node: Node, token: string) {
  return await node.accounts.refresh(presented(token), caller)
}

/** A refresh token with its claims; every node of the deployment reads the same. */
function presented (token: string) {
  return { transport: 'bearer' as const, claims: nodes[0]?.sessions.read(token) ?? null }
}

function pick<T> (list: T[], random: (below: number) => number): T {
  const [picked] = list.slice(random(list.length))
  if (picked === undefined) throw new RangeError('nothing to pick')
  return picked
}

function shuffle<T> (list: T[], random: (below: number) => number): T[] {
  return list.map(item => ({ item, place: random(1_000_000) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

/** mulberry32: whole numbers below a bound, the same ones for the same seed. */
function generator (state: number) {
  return (below: number) => {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

async function openNodes () {
  const deployment = await deploy(t, { HASH_QUEUE_MAX: '400', REFRESH_GRACE: '5m', LOCKOUT_THRESHOLD: '100' })
  const clock = createClock()
  return await Promise.all([1, 2].map(() => start(t, deployment, { workers: false, hasher: cheapHasher, clock })))
}
