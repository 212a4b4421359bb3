import { randomBytes, randomUUID } from 'node:crypto'
import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { createOneTimeTokenStore } from '../../../lib/tokens/one-time-token-store.ts'
import type { OneTimeTokenStore, Purpose } from '../../../lib/tokens/one-time-token-store.ts'
import { createOneTimeTokens } from '../../../lib/tokens/one-time-tokens.ts'
import { createUserStore } from '../../../lib/users/user-store.ts'
import { openDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const minute = 60_000
const hour = 60 * minute
const lifetimes: [Purpose, number][] = [['password_reset', hour], ['invitation', 7 * 24 * hour], ['email_change', 24 * hour], ['email_undo', 7 * 24 * hour]]
const purposes = lifetimes.map(([purpose]) => purpose)
const refused = { code: 'token_invalid' }

const { database } = await openDatabase(t)
const users = createUserStore(database)
const key = randomBytes(32)
const clock = createClock()
const tokens = tokensOf()

t.test('a token is an HMAC of 256 bits, the same whenever it is asked for, and is stored in no row', async t => {
  const [token, userId] = await issue('password_reset')
  const found = await tokens.find(token, 'password_reset')

  t.match(found, { purpose: 'password_reset', userId, email: null, emailCanonical: null })
  t.equal(tokens.tokenOf('password_reset', found.id), token)
  t.equal(tokensOf().tokenOf('password_reset', found.id), token, 'on another node too')
  t.match(token, /^[A-Za-z0-9_-]{72}$/)

  const [row] = await database<{ text: string }>`select row_to_json(o)::text as text from one_time_tokens o where user_id = ${userId}`
  const bytes = Buffer.from(token, 'base64url')
  for (const secret of [token, bytes.subarray(-32).toString('hex'), bytes.subarray(-32).toString('base64')]) t.notOk(row?.text.includes(secret))
})

t.test('finding a token spends nothing, however often', async t => {
  const [token] = await issue('password_reset')
  const first = await tokens.find(token, 'password_reset')
  for (let n = 0; n < 3; n++) t.same(await tokens.find(token, 'password_reset'), first)
  t.ok(await tokens.take(token, 'password_reset'))
})

t.test('each purpose has its own lifetime, to the millisecond', async t => {
  for (const [purpose, lifetime] of lifetimes) {
    const moment = still()
    const own = tokensOf({ now: () => moment.at })
    const [token] = await issue(purpose, { by: own })
    moment.at += lifetime - 1
    t.ok(await own.find(token, purpose), purpose)
    moment.at += 1
    await t.rejects(own.find(token, purpose), refused, purpose)
    await t.rejects(own.take(token, purpose), refused, purpose)
  }
})

t.test('a token of one purpose is refused for every other', async t => {
  for (const purpose of purposes) {
    const [token] = await issue(purpose)
    for (const other of purposes) {
      if (other !== purpose) await t.rejects(tokens.find(token, other), refused, `${purpose} for ${other}`)
    }
    await t.rejects(tokens.find(token, ...purposes.filter(other => other !== purpose)), refused)
    await t.rejects(tokens.find(token), refused, 'nothing was asked for')
    t.match(await tokens.find(token, ...purposes), { purpose })
  }
})

t.test('the row of one purpose does not serve for another, even with a valid signature', async t => {
  const id = await issueId('email_undo')
  for (const purpose of purposes) {
    if (purpose !== 'email_undo') await t.rejects(tokens.find(tokens.tokenOf(purpose, id), purpose), refused)
  }
})

t.test('wrong, foreign, truncated, extended, respelled and unknown tokens get one refusal, and those that are not ours ask no store', async t => {
  const [token] = await issue('password_reset')
  const flipped = Buffer.from(token, 'base64url')
  for (const place of flipped.keys()) {
    const bytes = Buffer.from(flipped)
    bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place)
    await t.rejects(deaf().find(bytes.toString('base64url'), 'password_reset'), refused)
  }

  const foreign = createOneTimeTokens(createOneTimeTokenStore(database), { keys: [randomBytes(32)], clock })
  const { id } = await tokens.find(token, 'password_reset')
  for (const other of [
    '', ' ', 'x', token.slice(1), token.slice(0, -1), `${token}A`, `${token}=`, ` ${token}`, `${token}\n`, token.toUpperCase(), token.toLowerCase(), token.repeat(2), 'x'.repeat(4096), '\0',
    encodeURIComponent(`#token=${token}`), foreign.tokenOf('password_reset', id), id
  ]) await t.rejects(deaf().find(other, 'password_reset'), refused, other.slice(0, 90))

  await t.rejects(tokens.find(tokens.tokenOf('password_reset', randomUUID()), 'password_reset'), refused, 'one of a row that never was')
  t.ok(await tokens.find(token, 'password_reset'))
})

t.test('a token that is issued while an older one is being spent stays usable', async t => {
  const [older, userId] = await issue('password_reset')
  const taken = await tokens.take(older, 'password_reset')
  const [newer] = await issue('password_reset', { userId })
  await spend(taken)
  t.ok(await tokens.find(newer, 'password_reset'))
})

t.test('a token without a user is worth nothing', async t => {
  const id = await database.begin(tx => tokens.issue(tx, { purpose: 'password_reset', userId: null }))
  await t.rejects(tokens.find(tokens.tokenOf('password_reset', id), 'password_reset'), refused)
  await t.rejects(tokens.take(tokens.tokenOf('password_reset', id), 'password_reset'), refused)
})

t.test('the newest token of a purpose replaces the older ones, but not another user’s or another purpose’s', async t => {
  const [first, userId] = await issue('password_reset')
  await issue('invitation', { userId })
  await issue('password_reset')
  t.ok(await tokens.find(first, 'password_reset'))

  const [second] = await issue('password_reset', { userId })
  await t.rejects(tokens.find(first, 'password_reset'), refused)
  await t.rejects(tokens.take(first, 'password_reset'), refused)
  t.ok(await tokens.take(second, 'password_reset'))
})

t.test('the newest token is the one that was issued last, whatever the clocks of the nodes say', async t => {
  const userId = await user()
  const [first] = await issue('password_reset', { userId, by: tokensOf({ now: () => clock.now() + 14_000 }) })
  const [second] = await issue('password_reset', { userId })
  await t.rejects(tokens.find(first, 'password_reset'), refused)
  t.ok(await tokens.find(second, 'password_reset'), 'of a node that is fourteen seconds behind')

  const moment = still()
  const own = tokensOf({ now: () => moment.at })
  for (let n = 0; n < 20; n++) {
    const [token] = await issue('password_reset', { userId, by: own })
    t.ok(await own.find(token, 'password_reset'), 'in the same millisecond')
  }
})

t.test('of many tokens issued at once exactly one is the newest', async t => {
  const userId = await user()
  const issued = await Promise.all(Array.from({ length: 10 }, () => issue('password_reset', { userId })))
  const found = await Promise.allSettled(issued.map(([token]) => tokens.find(token, 'password_reset')))
  t.equal(found.filter(({ status }) => status === 'fulfilled').length, 1)
})

t.test('the undo of an address is not replaced by a later one', async t => {
  const [first, userId] = await issue('email_undo', { email: 'first@example.com' })
  const [second] = await issue('email_undo', { userId, email: 'second@example.com' })
  t.match(await tokens.find(first, 'email_undo'), { email: 'first@example.com', emailCanonical: 'first@example.com' })
  t.match(await tokens.find(second, 'email_undo'), { email: 'second@example.com' })
})

t.test('of twenty requests that take a token at once one gets it, and no other sees it meanwhile', async t => {
  for (let round = 0; round < 5; round++) {
    const [token] = await issue('password_reset')
    const takes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => (n % 2 ? tokens : tokensOf()).take(token, 'password_reset')))
    t.equal(takes.filter(({ status }) => status === 'fulfilled').length, 1)
    t.same(new Set(takes.flatMap(take => take.status === 'rejected' ? [take.reason.code] : [])), new Set(['token_invalid']))
    await t.rejects(tokens.find(token, 'password_reset'), refused)
  }
})

t.test('a token that is given back can be taken again, by the same holder and by others', async t => {
  const [token] = await issue('password_reset')
  const taken = await tokens.take(token, 'password_reset')
  await tokens.release(taken)
  t.ok(await tokens.find(token, 'password_reset'))
  const again = await tokens.take(token, 'password_reset')
  await tokens.release(taken)
  await t.rejects(tokens.find(token, 'password_reset'), refused, 'only who has it gives it back')
  await t.rejects(spend(taken), refused)
  await spend(again)
})

t.test('a holder who does nothing with a token loses it after half a minute, and cannot spend what another has taken', async t => {
  const moment = still()
  const own = tokensOf({ now: () => moment.at })
  const [token] = await issue('password_reset', { by: own })
  const first = await own.take(token, 'password_reset')
  moment.at += 29_999
  await t.rejects(own.take(token, 'password_reset'), refused)
  moment.at += 1
  const second = await own.take(token, 'password_reset')
  await t.rejects(spend(first), refused)
  await spend(second)
})

t.test('a token is spent once, with its transaction or not at all', async t => {
  const [token] = await issue('password_reset')
  const taken = await tokens.take(token, 'password_reset')
  await t.rejects(database.begin(async tx => {
    await tokens.spend(tx, taken)
    throw new Error('it came to nothing')
  }), /nothing/)
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => spend(taken)))
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  await t.rejects(tokens.find(token, 'password_reset'), refused)
  await t.rejects(tokens.take(token, 'password_reset'), refused)
})

t.test('after the newest is spent an older one does not become valid again', async t => {
  const [first, userId] = await issue('password_reset')
  const [second] = await issue('password_reset', { userId })
  await spend(await tokens.take(second, 'password_reset'))
  await t.rejects(tokens.find(first, 'password_reset'), refused)
})

t.test('revoking ends a user’s tokens of the named purposes, taken ones too', async t => {
  const [reset, userId] = await issue('password_reset')
  const [invitation] = await issue('invitation', { userId })
  const [undo] = await issue('email_undo', { userId, email: 'before@example.com' })
  const [others] = await issue('password_reset')
  const taken = await tokens.take(reset, 'password_reset')

  await database.begin(tx => tokens.revoke(tx, userId, ['password_reset', 'invitation']))
  await t.rejects(spend(taken), refused)
  await t.rejects(tokens.find(reset, 'password_reset'), refused)
  await t.rejects(tokens.find(invitation, 'invitation'), refused)
  t.ok(await tokens.find(undo, 'email_undo'))
  t.ok(await tokens.find(others, 'password_reset'))
})

t.test('a token is deleted with its transaction, and with its user', async t => {
  const userId = await user()
  let id = ''
  await t.rejects(database.begin(async tx => {
    id = await tokens.issue(tx, { purpose: 'password_reset', userId })
    throw new Error('it came to nothing')
  }), /nothing/)
  await t.rejects(tokens.find(tokens.tokenOf('password_reset', id), 'password_reset'), refused)

  const [token] = await issue('password_reset', { userId })
  await database`delete from users where id = ${userId}`
  await t.rejects(tokens.find(token, 'password_reset'), refused)
  t.same(await database`select 1 from one_time_tokens where user_id = ${userId}`, [])
})

t.test('while its user is being deleted, a new token belongs to nobody', async t => {
  const userId = await user()
  const order = [] as string[]
  const [id] = await Promise.all([
    database.begin(async tx => {
      await until(() => order.includes('deleted'))
      return await tokens.issue(tx, { purpose: 'password_reset', userId })
    }),
    database.begin(async tx => {
      await tx`delete from users where id = ${userId}`
      order.push('deleted')
      await until(async () => (await database`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length > 0)
    })
  ])
  t.same(await database`select user_id from one_time_tokens where id = ${id}`, [{ userId: null }])
})

t.test('a token signed by a listed key verifies; one of an unlisted key does not', async t => {
  const [token] = await issue('password_reset')
  const next = randomBytes(32)
  const store = createOneTimeTokenStore(database)
  t.ok(await createOneTimeTokens(store, { keys: [next, key], clock }).find(token, 'password_reset'))
  await t.rejects(createOneTimeTokens(store, { keys: [next], clock }).find(token, 'password_reset'), refused)
})

t.test('a store that does not answer does not make a token wrong, and giving back never hides the first error', async t => {
  const away = new Error('away')
  const own = createOneTimeTokens(failing(away), { keys: [key], clock })
  const token = tokens.tokenOf('password_reset', randomUUID())
  await t.rejects(own.find(token, 'password_reset'), away)
  await t.rejects(own.take(token, 'password_reset'), away)
  const [real] = await issue('password_reset')
  await t.resolves(own.release(await tokens.take(real, 'password_reset')))
})

function tokensOf (by: { now: () => number } = clock) {
  return createOneTimeTokens(createOneTimeTokenStore(database), { keys: [key], clock: by })
}

/** Tokens whose store must not be asked. */
function deaf () {
  return createOneTimeTokens(failing(new Error('the store was asked')), { keys: [key], clock })
}

function failing (error: Error) {
  return new Proxy({}, { get: () => async () => { throw error } }) as OneTimeTokenStore
}

function still () {
  return { at: clock.now() }
}

async function issue (
  purpose: Purpose,
  { userId, email, by = tokens }: { userId?: string, email?: string, by?: typeof tokens } = {}
): Promise<[token: string, userId: string]> {
  const owner = userId ?? await user()
  const about = email === undefined ? {} : { email, emailCanonical: email }
  const id = await database.begin(tx => by.issue(tx, { purpose, userId: owner, ...about }))
  return [by.tokenOf(purpose, id), owner]
}

async function issueId (purpose: Purpose) {
  const userId = await user()
  return await database.begin(tx => tokens.issue(tx, { purpose, userId }))
}

async function spend (taken: Awaited<ReturnType<typeof tokens.take>>) {
  await database.begin(tx => tokens.spend(tx, taken))
}

async function user () {
  const id = randomUUID()
  const email = `${id}@example.com`
  await database.begin(tx => users.insert(tx, {
    id, email, emailCanonical: email, emailVerified: true, passwordHash: null, fullName: 'Ada King', locale: 'en', role: 'user', approval: 'not_required'
  }, new Date(clock.now())))
  return id
}
