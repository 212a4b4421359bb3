import t from 'tap'
import { createChangeStore } from '../../../lib/changes/change-store.ts'
import { createSessionLookUps } from '../../../lib/sessions/session-look-ups.ts'
import { createSessionStore } from '../../../lib/sessions/session-store.ts'
import { build, signIn } from '../../support/helper.ts'

const day = 86_400_000
const app = await build(t)
const { database } = app
const store = createSessionStore(database, { idleAfterMs: 100 * day })

t.test('a living session is listed, moves to another epoch, and ends once', async t => {
  const { id, userId, epoch, now } = await open()
  t.same((await store.list(userId, now)).map(session => session.id), [id])
  t.match(await findLocked(id, now), { sessionId: id })
  t.equal(await lift(id, epoch, now), true)
  await database`update users set session_epoch = session_epoch + 1 where id = ${userId}`
  t.equal(await end(id, now), true)
  t.equal(await end(id, now), false)
})

for (const [what, kill] of Object.entries<(session: Opened) => Promise<Date>>({
  'has come to its absolute end': async ({ expiresAt }) => expiresAt,
  'has been ended': async ({ id, now }) => {
    await end(id, now)
    return now
  },
  'has been left behind by its user’s epoch': async ({ userId, now }) => {
    await database`update users set session_epoch = session_epoch + 1 where id = ${userId}`
    return now
  },
  'has been left behind by the epoch of all': async ({ now }) => {
    await database`update deployment set session_epoch = session_epoch + 1`
    return now
  }
})) {
  t.test(`a session that ${what} is neither listed nor found, does not end again, and moves to no other epoch`, async t => {
    const session = await open()
    const now = await kill(session)
    const before = await rowOf(session.id)
    const [user] = await database<{ epoch: number }>`select session_epoch as epoch from users where id = ${session.userId}`

    t.same(await store.list(session.userId, now), [])
    t.equal(await findLocked(session.id, now), null)
    t.equal(await end(session.id, now), false)
    t.equal(await lift(session.id, user?.epoch ?? 0, now), false)
    t.same(await rowOf(session.id), before)
  })
}

type Opened = Awaited<ReturnType<typeof open>>

/** A session that has just begun, with the epoch of its user. */
async function open () {
  const { session: { id } } = await signIn(app)
  const state = await store.find(id)
  if (state === null) throw new Error('there is no session')
  return { id, userId: state.id, epoch: state.userEpoch, expiresAt: state.expiresAt, now: state.authTime }
}

/** The session if it lives, as work reads it that has locked its user's row. */
async function findLocked (id: string, now: Date) {
  const lookUps = createSessionLookUps({
    store,
    changes: createChangeStore(database),
    clock: { ...app.clock, now: () => now.getTime() },
    lifetimes: { secondFactorMaxAge: null }
  })
  return await database.begin(tx => lookUps.findLocked(tx, id))
}

async function end (id: string, now: Date) {
  return await database.begin(tx => store.end(tx, id, 'signed_out', now))
}

async function lift (id: string, from: number, now: Date) {
  const proof = { authTime: now, amr: ['pwd', 'otp', 'mfa'] }
  return await database.begin(tx => store.lift(tx, id, { ...proof, from, to: from + 1, now }))
}

async function rowOf (id: string) {
  const [row] = await database`select * from sessions where id = ${id}`
  return row
}
