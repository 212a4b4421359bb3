import t from 'tap'
import { unavailable } from '../../../lib/errors.ts'
import { wrongFactor } from '../../../lib/factors/second-factor-checks.ts'
import type { Caller } from '../../../lib/http/caller.ts'
import { createSignIns } from '../../../lib/logins/sign-ins.ts'
import type { Proof, SignInParts } from '../../../lib/logins/sign-ins.ts'
import { createUserStore } from '../../../lib/users/user-store.ts'
import { vendor } from '../../support/accounts/people.ts'
import { signInAs } from '../../support/accounts/roles.ts'
import { as, deploy, freshAddress, refresh, signUp, start } from '../../support/helper.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false })
const users = createUserStore(app.database)
const request = { transport: 'bearer', deviceName: 'Ada’s phone' } as const
const caller: Caller = { ip: '127.0.0.1', userAgent: null, requestId: 'a request' }
const twoFactors: Proof = { amr: ['pwd', 'otp', 'mfa'], reason: 'totp' }

t.test('a sign-in leaves the record of its session in Redis', async t => {
  const { user, before } = await prepare()
  t.ok(await signIns().signIn(user, request, caller))
  t.equal(await records(), before + 1)
})

t.test('a sign-in that finds the account changed leaves no record of a session', async t => {
  const { user, before } = await prepare()
  await app.database`update users set status = 'disabled' where id = ${user.id}`
  t.equal(await signIns().signIn(user, request, caller), null)
  t.equal(await signIns().signInByTwo(user, request, { ...twoFactors, spend: async () => {} }, caller), null)
  await until(async () => await records() === before)
})

t.test('a sign-in that comes after a sign-out leaves the record of its own session, and no other', async t => {
  const { user, before } = await prepare()
  await app.database`update users set session_epoch = session_epoch + 1 where id = ${user.id}`
  t.ok(await signIns().signIn(user, request, caller))
  await until(async () => await records() === before + 1)
})

t.test('a sign-out by an administrator keeps nobody out either: a right password is not called wrong', async t => {
  const { user } = await prepare()
  const admin = await signInAs(app, 'admin')
  t.match(await as(app, admin.access_token, 'POST', `/users/${user.id}/sign-out`), { statusCode: 204 })
  t.ok(await signIns().signIn(user, request, caller))
})

t.test('a sign-out admits nobody for whom the proof no longer counts', async t => {
  const vendorId = await vendor(app)
  await app.database`update vendors set status = 'suspended' where id = ${vendorId}`
  await app.database`
    insert into roles (name, rank, user_type, requires_approval, self_registration)
    values ('member', 15, 'user', false, false)
  `
  const changes: Record<string, (id: string) => Promise<unknown>> = {
    'another password': id => app.database`update users set password_hash = password_hash || 'A' where id = ${id}`,
    'no password': id => app.database`update users set password_hash = null where id = ${id}`,
    'another address': id => app.database`update users set email_canonical = ${freshAddress()} where id = ${id}`,
    'a second step': id => app.database`update users set two_step = true where id = ${id}`,
    'a disabled account': id => app.database`update users set status = 'disabled' where id = ${id}`,
    'a rejection': id => app.database`update users set approval = 'rejected' where id = ${id}`,
    'another role': id => app.database`update users set role = 'member' where id = ${id}`,
    'another kind of user': id => app.database`update users set role = 'accountant' where id = ${id}`,
    'a suspended vendor': id => app.database`update users set vendor_id = ${vendorId} where id = ${id}`,
    'a factor that the role demands': async id => {
      await app.database`update roles set second_factor = 'required' where name = 'user'`
      await app.database`
        insert into totp_secrets (id, user_id, secret, created_at, confirmed_at)
        values (gen_random_uuid(), ${id}, '', now(), now())
      `
    }
  }
  t.teardown(() => app.database`update roles set second_factor = 'optional' where name = 'user'`)

  for (const [what, change] of Object.entries(changes)) {
    const { user, before } = await prepare()
    await change(user.id)
    await app.database`update users set session_epoch = session_epoch + 1, version = version + 1 where id = ${user.id}`
    t.equal(await signIns().signIn(user, request, caller), null, what)
    t.strictSame(await app.database`select id from sessions where user_id = ${user.id}`, [], what)
    await until(async () => await records() === before)
  }
})

t.test('a sign-in whose second factor has been used up meanwhile leaves no record of a session', async t => {
  const { user, before } = await prepare()
  const spend = async () => { throw wrongFactor() }
  const signingIn = signIns().signInByTwo(user, request, { ...twoFactors, spend }, caller)
  await t.rejects(signingIn, { code: 'invalid_credentials' })
  await until(async () => await records() === before)
})

t.test('a record that cannot be removed changes nothing about the refusal', async t => {
  const { user } = await prepare()
  await app.database`update users set status = 'disabled' where id = ${user.id}`
  const sessions = { ...app.sessions, abandon: async () => { throw unavailable() } }
  t.equal(await signIns({ sessions }).signIn(user, request, caller), null)
})

t.test('a sign-in whose commit has no answer keeps the record, because the session may be alive', async t => {
  const { user } = await prepare()
  let [sessionId, token] = ['', '']
  const sessions: SignInParts['sessions'] = {
    ...app.sessions,
    async prepare (transport) {
      const prepared = await app.sessions.prepare(transport)
      sessionId = prepared.id
      const { amr } = twoFactors
      token = app.sessions.tokensOf(prepared, user, { deviceId: '', amr, marks: undefined }).refreshToken
      return prepared
    }
  }
  const unitsOfWork: Pick<SignInParts, 'commitStatement' | 'commitUnlessNull'> = {
    commitStatement: async (work, userId) => {
      await app.unitsOfWork.commitStatement(work, userId)
      throw unavailable(new Error('Connection terminated unexpectedly'))
    },
    commitUnlessNull: async (work, userId) => {
      await app.unitsOfWork.commitUnlessNull(work, userId)
      throw unavailable(new Error('Connection terminated unexpectedly'))
    }
  }
  for (const proof of [twoFactors, { ...twoFactors, spend: async () => {} }]) {
    const signingIn = signIns({ sessions, ...unitsOfWork }).signInByTwo(user, request, proof, caller)
    await t.rejects(signingIn, { code: 'unavailable' })
    t.ok(await app.redis.exists(`session:{${sessionId}}`))
    t.match(await refresh(app, token), { statusCode: 200 }, 'the session goes on')
  }
})

/** Signing in to the real stores; parts may be exchanged for those that fail. */
function signIns (parts: Partial<SignInParts> = {}) {
  const { sessions, tokenResponses, deviceTokens, audit, metrics, unitsOfWork } = app
  return createSignIns({ ...unitsOfWork, users, sessions, tokenResponses, deviceTokens, audit, metrics, ...parts })
}

/** An account, and how many records there are before it signs in. */
async function prepare () {
  const account = await signUp(app)
  const user = await users.find(account.user.id)
  if (!user) throw new Error('there is no account')
  return { user, before: await records() }
}

/** How many records of sessions Redis has for this deployment. */
async function records () {
  return (await app.redis.keys(`${deployment.REDIS_KEY_PREFIX}session:*`)).length
}
