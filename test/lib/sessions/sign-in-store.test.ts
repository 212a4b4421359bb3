import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import type { Change } from '../../../lib/changes/change.ts'
import { createSignInStore } from '../../../lib/sessions/sign-in-store.ts'
import type { PlainPasskeyUse } from '../../../lib/sessions/sign-in-store.ts'
import { holder } from '../../support/accounts/passkeys.ts'
import type { Holder } from '../../support/accounts/passkeys.ts'
import { deploy, signIn, signUp, start } from '../../support/helper.ts'

// Two files make a sign-in: sql/034.do.remembered-devices.sql writes its rows in one statement,
// and lib/sessions/session-beginnings.ts encrypts the event and publishes the evictions. These are the words on which
// they have to agree.
const app = await start(t, await deploy(t, { SESSIONS_MAX: '1' }), { workers: false })
const { database, audit } = app

t.test('the event that the statement writes is the one that was encrypted for it', async t => {
  const ada = await signUp(app)
  const { user, session } = await signIn(app, ada)

  const [row] = await database<{ event: string, outcome: string, actorId: string, subjectId: string, requestId: string, personal: Buffer, wrappedKey: Buffer }>`
    select a.event, a.outcome, a.actor_id, a.subject_id, a.request_id, a.personal, k.wrapped_key
    from audit_events a
    join subject_keys k using (subject_id)
    where a.session_id = ${session.id}`
  t.match(row, { event: 'authn_login_success', outcome: 'success', actorId: user.id, subjectId: user.id, requestId: /./ })

  // The name of the event and its subject are the context of the ciphertext, which does not decrypt under others.
  const subject = { id: user.id, wrappedKey: row?.wrappedKey ?? null }
  const personal = row?.personal ?? Buffer.alloc(0)
  t.match(audit.read(row?.event ?? '', subject, personal), { ip: '127.0.0.1' })
  t.throws(() => audit.read('authn_login_fail', subject, personal))
})

t.test('the published changes are the rows that the statement has written', async t => {
  const ada = await signUp(app)
  const first = await signIn(app, ada)
  const published = listen()
  await signIn(app, ada)

  const rows = await database<Change>`select kind, subject_id, except_id, number, reason from changes where subject_id = ${first.session.id}`
  t.strictSame(rows, [{ kind: 'session_ended', subjectId: first.session.id, exceptId: null, number: null, reason: 'evicted' }])
  t.strictSame(published, rows)
})

t.test('the notice of a new device names the event and the session of its sign-in', async t => {
  const ada = await signUp(app)
  await signIn(app, ada, { device_token: ada.deviceToken })
  const { user, session } = await signIn(app, ada)

  const [event] = await database<{ id: number }>`select id from audit_events where session_id = ${session.id} and event = 'authn_login_success'`
  const jobs = await database<{ queue: string, data: object }>`select queue, data from jobs where data->>'sessionId' = ${session.id}`
  t.strictSame(jobs, [{ queue: 'mail', data: { kind: 'new_device', userId: user.id, sessionId: session.id, eventId: event?.id } }])
})

t.test('an account with two steps gets no session for the password alone, whatever version of the code asks', async t => {
  const ada = await signUp(app)
  const device = app.deviceTokens.read(ada.deviceToken) ?? ''
  const secondFactorAt = async () => (await database<{ at: Date | null }>`select second_factor_at as at from known_devices where user_id = ${ada.user.id} and device_id = ${device}`)[0]?.at
  await signIn(app, ada, { device_token: ada.deviceToken })
  t.equal(await secondFactorAt(), null, 'a password is no second factor')

  await database`update users set two_step = true where id = ${ada.user.id}`
  for (const amr of [['pwd'], ['pwd', 'otp'], ['otp'], []]) t.equal(await ask(amr), null, amr.join())
  t.equal((await database`select 1 from sessions where user_id = ${ada.user.id}`).length, 1)

  t.strictSame(await ask(['pwd', 'otp', 'mfa'], 'totp'), [(await sessionsOf(ada.user.id))[0]], 'the older session made room')
  t.ok(await secondFactorAt())
  t.match(await database`select reason from audit_events where subject_id = ${ada.user.id} and event = 'authn_login_success' order by id`, [{ reason: null }, { reason: 'totp' }])

  function ask (amr: string[], reason?: string) {
    return begin(ada, amr, { reason, deviceId: device })
  }
})

t.test('a passkey that is as it was read is used up in the statement that begins the session', async t => {
  const ada = await holder(app)
  const use = useOf(ada, { signCount: 3 })
  t.strictSame(await begin(ada, byPasskey, { passkey: use }), [ada.tokens.session.id])
  t.match(await passkeyOf(ada), { signCount: 3, backedUp: false, lastUsedAt: Date })
  t.ok(await isSpent(use))
})

t.test('what has been used, is gone, is somebody else’s or has changed begins no session, and nothing is written', async t => {
  const [ada, bob] = [await holder(app), await holder(app)]
  const spent = useOf(ada, { signCount: 1 })
  await begin(ada, byPasskey, { passkey: spent })
  const before = [await sessionsOf(ada.user.id), await passkeyOf(ada), await lastLoginOf(ada)]

  const known = useOf(ada, { signCountBefore: 1, signCount: 2 })
  for (const [what, use] of Object.entries({
    'a challenge that was answered': { ...known, challenge: spent.challenge },
    'a counter that has moved': useOf(ada, { signCountBefore: 0, signCount: 2 }),
    'another kind of key': useOf(ada, { signCountBefore: 1, signCount: 2, backupEligible: true }),
    'a passkey that is gone': { ...useOf(ada, { signCountBefore: 1 }), id: randomUUID() },
    'a passkey of somebody else': useOf(bob, {})
  })) {
    t.equal(await begin(ada, byPasskey, { passkey: use }), null, what)
    t.equal(await isSpent(use), use.challenge === spent.challenge, what)
    t.strictSame([await sessionsOf(ada.user.id), await passkeyOf(ada), await lastLoginOf(ada)], before, what)
  }
  t.ok(await begin(ada, byPasskey, { passkey: known }), 'and the right one does')
})

t.test('an account that has changed since it was read leaves the challenge and the passkey unused', async t => {
  const ada = await holder(app)
  const before = await sessionsOf(ada.user.id)
  const use = useOf(ada, { signCount: 1 })
  await database`update users set session_epoch = session_epoch + 1 where id = ${ada.user.id}`
  t.equal(await begin(ada, byPasskey, { passkey: use }), null)
  t.notOk(await isSpent(use))
  t.match(await passkeyOf(ada), { signCount: 0, lastUsedAt: null })
  t.strictSame(await sessionsOf(ada.user.id), before)
})

t.test('one challenge begins one session, also when two accounts have signed it at once', async t => {
  const [ada, bob] = [await holder(app), await holder(app)]
  const { challenge } = useOf(ada, {})
  const attempts = Array.from({ length: 10 }, () => [ada, bob]).flat()
  const begun = await Promise.all(attempts.map(owner => {
    return begin(owner, byPasskey, { passkey: { ...useOf(owner, {}), challenge } })
  }))
  t.equal(begun.filter(evicted => evicted !== null).length, 1)
})

const byPasskey = ['pop', 'user', 'mfa']

interface Details { reason?: string | undefined, deviceId?: string, passkey?: PlainPasskeyUse }

/** Begins a session by the store alone, as any version of the code might. */
async function begin (
  { user: { id } }: Pick<Holder, 'user'>,
  amr: string[],
  { reason, deviceId = randomUUID(), passkey }: Details = {}
) {
  const session = {
    id: randomUUID(),
    transport: 'bearer' as const,
    deviceId,
    deviceName: null,
    userAgent: null,
    ip: '127.0.0.1',
    amr,
    now: new Date(),
    expiresAt: new Date(Date.now() + 60_000)
  }
  const event = audit.prepare({
    event: 'authn_login_success',
    outcome: 'success',
    ...reason && { reason },
    subject: null,
    caller: { ip: '127.0.0.1', userAgent: null, requestId: 'test' }
  })
  const user = { id, sessionEpoch: 0, deploymentEpoch: 0 }
  const { signIn } = createSignInStore(database, { sessionsMax: 1 })
  return await signIn(user, session, event, database, passkey && { passkey })
}

function useOf ({ passkeyId: id }: Holder, fields: Partial<PlainPasskeyUse>): PlainPasskeyUse {
  const challenge = { nonce: randomBytes(16), expiresAt: new Date(Date.now() + 60_000) }
  return { id, signCountBefore: 0, signCount: 0, backupEligible: false, backedUp: false, challenge, ...fields }
}

async function passkeyOf ({ passkeyId }: Holder) {
  return (await database`select sign_count, backed_up, last_used_at from passkeys where id = ${passkeyId}`)[0]
}

async function isSpent ({ challenge }: PlainPasskeyUse) {
  return (await database`select from spent_challenges where nonce = ${challenge.nonce}`).length === 1
}

async function lastLoginOf ({ user }: Holder) {
  return (await database`select last_login_at from users where id = ${user.id}`)[0]
}

/** The sessions of a user, the oldest first. */
async function sessionsOf (userId: string) {
  return (await database<{ id: string }>`select id from sessions where user_id = ${userId} order by created_at`).map(({ id }) => id)
}

/** The changes that this node publishes from here on. */
function listen () {
  const published: Change[] = []
  const { publish } = app.feed
  app.feed.publish = changes => {
    published.push(...changes)
    publish(changes)
  }
  return published
}
