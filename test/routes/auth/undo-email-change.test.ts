import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createAuthenticator } from '../../support/accounts/authenticator.ts'
import { askForChange, bare, changeAddress, confirmChange, stateOf, undoChange } from '../../support/accounts/email-changes.ts'
import { addTotp, codeAt, guarded, nextStep } from '../../support/accounts/factors.ts'
import type { Guarded } from '../../support/accounts/factors.ts'
import { add, enter, holder, origin } from '../../support/accounts/passkeys.ts'
import { disable, signed } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, build, codeOf, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import type { Tokens } from '../../support/helper.ts'
import { eventsOf, mailJobs, sentMails, trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })

const day = 86_400_000
const another = 'another walk through drier leaves'

t.test('an undo brings the old address back and ends every session, on every node at once', async t => {
  const account = await signUp(app)
  const [ada, thief] = [await signIn(app, account), await signIn(app, account)]
  const { to, undo } = await changeAddress(app, thief)
  const answer = await undoChange(app, undo)

  t.equal(answer.statusCode, 200)
  t.same(answer.json(), { email: account.email })
  t.notOk(answer.headers['set-cookie'], 'it signs nobody in')
  for (const session of [ada, thief]) {
    t.match((await as(app, session.access_token, 'GET', '/auth/me')).json(), { status: 401, code: 'session_ended', reason: 'email_restored' })
    t.match((await refresh(other, session.refresh_token)).json(), { status: 401, code: 'session_ended', reason: 'email_restored' })
  }
  t.match((await post(app, '/auth/login', { email: to, password })).json(), { status: 401, code: 'invalid_credentials' })
  for (const node of [app, other]) t.match((await post(node, '/auth/login', { email: account.email, password })).json(), { status: 401, code: 'invalid_credentials' }, 'the old password is nobody’s')
  await chooseAnother(account)
  t.match((await post(other, '/auth/login', { email: account.email, password: another })).json(), { user: { email: account.email, email_verified: true } })
})

t.test('who knows the password cannot take an account again that was brought back: it opens nothing, whoever is faster', async t => {
  const account = await signUp(app)
  const thief = await signIn(app, account)
  const { to, undo } = await changeAddress(app, thief)
  const pending = await askForChange(app, await signIn(app, { email: to }))
  t.match(await undoChange(app, undo), { statusCode: 200 })

  const refused = await post(app, '/auth/login', { email: account.email, password })
  const wrong = await post(app, '/auth/login', { email: account.email, password: 'not the password at all' })
  t.equal(bare(refused), bare(wrong), 'it is answered like any wrong one')
  t.match((await confirmChange(app, pending.change)).json(), { status: 422, code: 'token_invalid' }, 'what was asked for before')
  t.match((await undoChange(app, pending.undo)).json(), { status: 422, code: 'token_invalid' })
  t.match(await app.database`select email, password_hash from users where id = ${account.user.id}`, [{ email: account.email, passwordHash: null }])

  await chooseAnother(account)
  t.match(await post(app, '/auth/login', { email: account.email, password }), { statusCode: 401 })
  t.match(await post(app, '/auth/login', { email: account.email, password: another }), { statusCode: 200 })
})

t.test('a password that had to be changed, or that the thief has chosen, is gone as well', async t => {
  const [ada, eve] = [await signIn(app), await signIn(app)]
  const [first, second] = [await changeAddress(app, ada), await changeAddress(app, eve)]
  t.match(await as(app, ada.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: another }), { statusCode: 200 })
  await app.database`update users set must_change_password = true where id = ${eve.user.id}`
  for (const { undo } of [first, second]) t.match(await undoChange(app, undo), { statusCode: 200 })

  t.match(await post(app, '/auth/login', { email: ada.user.email, password: another }), { statusCode: 401 })
  t.match(await post(app, '/auth/login', { email: eve.user.email, password }), { statusCode: 401 })
  await chooseAnother(eve)
  t.match((await post(app, '/auth/login', { email: eve.user.email, password: another })).json(), { user: { must_change_password: false } })
})

t.test('an account without a password gets a link as well: the thief may have given it up', async t => {
  const ada = await signIn(app)
  const { undo } = await changeAddress(app, ada)
  await app.database`update users set password_hash = null where id = ${ada.user.id}`
  t.match(await undoChange(app, undo), { statusCode: 200 })
  t.strictSame((await trail(app, ada.user.id)).filter(({ event }) => event === 'authn_password_removed'), [], 'there was none to take')
  await chooseAnother(ada)
  t.match(await post(app, '/auth/login', { email: ada.user.email, password: another }), { statusCode: 200 })
})

t.test('before the confirmation an undo cancels the change, and ends every session too', async t => {
  const ada = await signIn(app)
  const { to, change, undo } = await askForChange(app, ada)

  t.match((await undoChange(app, undo)).json(), { email: ada.user.email })
  t.match((await refresh(app, ada.refresh_token)).json(), { code: 'session_ended', reason: 'email_restored' })
  t.match((await confirmChange(app, change)).json(), { status: 422, code: 'token_invalid' })
  t.match((await post(app, '/auth/login', { email: to, password })).json(), { status: 401 })
  t.match(await post(app, '/auth/login', { email: ada.user.email, password }), { statusCode: 401 }, 'who asked for the change knows it')
  await chooseAnother(ada)
  t.match(await post(app, '/auth/login', { email: ada.user.email, password: another }), { statusCode: 200 })
})

t.test('an undo forgets all devices, invalidates all other tokens and raises the version', async t => {
  const account = await signUp(app)
  const ada = await signIn(app, account, { device_token: account.deviceToken })
  const { undo } = await changeAddress(app, ada)
  await askForChange(app, ada)
  for (const purpose of ['password_reset', 'invitation'] as const) await app.database.begin(tx => app.oneTimeTokens.issue(tx, { purpose, userId: ada.user.id }))
  const links = [app.oneTimeTokens.tokenOf('password_reset', await idOf(ada, 'password_reset')), app.oneTimeTokens.tokenOf('invitation', await idOf(ada, 'invitation'))]
  const [before] = await app.database<{ version: number, sessionEpoch: number }>`select version, session_epoch from users where id = ${ada.user.id}`
  await undoChange(app, undo)

  t.same(await app.database`select 1 from known_devices where user_id = ${ada.user.id}`, [])
  t.same(await app.database`select purpose from one_time_tokens where user_id = ${ada.user.id}`, [{ purpose: 'password_reset' }], 'a new link to a new password is left')
  for (const token of links) t.match((await post(app, '/auth/password/reset', { token, new_password: another })).json(), { code: 'token_invalid' })
  const [after] = await app.database<{ version: number, sessionEpoch: number, passwordHash: string | null }>`select version, session_epoch, password_hash from users where id = ${ada.user.id}`
  t.ok((after?.version ?? 0) > (before?.version ?? 0))
  t.equal(after?.sessionEpoch, (before?.sessionEpoch ?? 0) + 1)
  t.equal(after?.passwordHash, null)
})

t.test('an undo takes away the factors that were added since the change was asked for', async t => {
  const account = await signUp(app)
  const [thief, key] = [await signIn(app, account), createAuthenticator({ origin })]
  const { undo } = await changeAddress(app, thief)
  const strong: Tokens = (await addTotp(app, thief.access_token)).answer.json()
  await add(app, strong, key)
  t.match(await undoChange(app, undo), { statusCode: 200 })

  t.match(await factorsOf(account), { two_step: false, totp: null, passkeys: { length: 0 }, recovery_codes: null })
  t.match((await enter(app, { key })).json(), { status: 401, code: 'passkey_unknown' })
  await chooseAnother(account)
  t.match(await post(app, '/auth/login', { email: account.email, password: another }), { statusCode: 200 }, 'the password alone signs in, as before')
  const removals = (await trail(app, account.user.id)).filter(({ event }) => event === 'authn_factor_removed')
  t.match(removals, [{ outcome: 'success', reason: 'email_restored', actorId: account.user.id }])
})

t.test('where nobody had proved the old address, its owner’s undo takes away all factors: a stranger may have registered it', async t => {
  const node = await start(t, await deploy(t, { EMAIL_VERIFICATION: 'optional' }), { workers: false, hasher: cheapHasher })
  for (const change of [askForChange, changeAddress]) {
    const [email, key] = [freshAddress(), createAuthenticator({ origin })]
    const { user } = (await post(node, '/auth/register', { email, password, full_name: 'Eve' })).json()
    const eve = await signIn(node, { email })
    await add(node, eve, key)
    await addTotp(node, (await enter(node, { key })).json().access_token)
    node.clock.advance(day)
    await askForChange(node, (await enter(node, { key })).json())
    const { undo } = await change(node, (await enter(node, { key })).json())
    t.match(await undoChange(node, undo), { statusCode: 200 })

    t.match((await enter(node, { key })).json(), { status: 401, code: 'passkey_unknown' })
    t.match(await node.database`select email, two_step from users where id = ${user.id}`, [{ email, twoStep: false }])
  }
})

t.test('an undo leaves the factors of before the change alone', async t => {
  const [ada, bob] = [await holder(app), await guarded(app)]
  const [adas, bobs]: [Tokens, Tokens] = [(await enter(app, ada)).json(), (await enterByCode(bob)).json()]
  app.clock.advance(5 * 60_000)
  const other = createAuthenticator({ origin })
  const [undoOfAda, undoOfBob] = [await changeAddress(app, adas), await changeAddress(app, bobs)]
  await add(app, adas, other)
  await as(app, bobs.access_token, 'POST', '/auth/recovery-codes')
  for (const { undo } of [undoOfAda, undoOfBob]) t.match(await undoChange(app, undo), { statusCode: 200 })

  t.match((await enter(app, { key: other })).json(), { code: 'passkey_unknown' }, 'the passkey of after')
  t.match(await enter(app, ada), { statusCode: 200 }, 'the passkey of before')
  t.match(await factorsOf(bob), { two_step: true, totp: { id: bob.totpId }, recovery_codes: null })
  await chooseAnother(bob)
  t.match(await enterByCode({ ...bob, password: another }), { statusCode: 200 }, 'the app of before is asked for')
  t.strictSame((await trail(app, bob.user.id)).filter(({ event }) => event === 'authn_factor_removed'), [])
})

t.test('the trail has before and after; one mail is sent, with a link to a new password', async t => {
  const ada = await signIn(app)
  const { to, undo } = await changeAddress(app, ada)
  const before = await mailJobs(app)
  await undoChange(app, undo)
  const [row, removal] = (await trail(app, ada.user.id)).slice(-2)

  t.match(row, { event: 'email_restored', outcome: 'success', actorId: ada.user.id })
  t.match(removal, { event: 'authn_password_removed', outcome: 'success', reason: 'email_restored', actorId: ada.user.id })
  t.match(row?.read, { ip: '127.0.0.1', before: { email: to }, after: { email: ada.user.email } })
  t.notOk(row?.personal?.includes(ada.user.email))
  t.same(await mailJobs(app), [...before, { kind: 'password_reset', tokenId: await idOf(ada, 'password_reset'), cause: 'address_restored' }])
})

t.test('an undo works although the address has been changed again since', async t => {
  const ada = await signIn(app)
  const first = await changeAddress(app, ada)
  const second = await changeAddress(app, ada)
  const third = await askForChange(app, ada)

  t.match((await undoChange(app, first.undo)).json(), { email: ada.user.email })
  for (const { undo } of [second, third]) t.match((await undoChange(app, undo)).json(), { code: 'token_invalid' }, 'a thief’s own undo is dead')
  t.match((await confirmChange(app, third.change)).json(), { code: 'token_invalid' })
})

t.test('a thief who moves the account twice cannot reverse the owner’s undo', async t => {
  const ada = await signIn(app)
  const first = await changeAddress(app, ada)
  const second = await changeAddress(app, ada)

  t.match((await undoChange(app, second.undo)).json(), { email: first.to }, 'the thief has the mail to the first address')
  t.match((await undoChange(app, first.undo)).json(), { email: ada.user.email }, 'the owner has the one before')
  t.same(await app.database`select purpose from one_time_tokens where user_id = ${ada.user.id}`, [{ purpose: 'password_reset' }], 'the thief’s link to a new password is gone')
  await chooseAnother(ada)
  t.match(await post(app, '/auth/login', { email: ada.user.email, password: another }), { statusCode: 200 })
})

t.test('a thief cannot reverse it through a node whose clock is behind either', async t => {
  const late = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: behind(10_000) })
  const ada = await signIn(app)
  const first = await changeAddress(app, ada)
  const second = await askForChange(late, ada)
  await confirmChange(app, second.change)

  t.match((await undoChange(app, second.undo)).json(), { email: first.to })
  t.match((await undoChange(app, first.undo)).json(), { email: ada.user.email })
})

t.test('neither a new password nor further changes by a thief invalidate the owner’s undo', async t => {
  const ada = await signIn(app)
  const { undo } = await changeAddress(app, ada)
  const changed = await as(app, ada.access_token, 'POST', '/auth/password/change', { current_password: password, new_password: another })
  if (changed.statusCode !== 200) t.comment(`password/change answers ${changed.statusCode}`)
  t.match((await undoChange(app, undo)).json(), { email: ada.user.email })
})

t.test('an undo works for a week', async t => {
  const [ada, eve] = [await signIn(app), await signIn(app)]
  const [early, late] = [await changeAddress(app, ada), await changeAddress(app, eve)]
  app.clock.advance(7 * day - 5000)
  t.match(await undoChange(app, early.undo), { statusCode: 200 })
  app.clock.advance(6000)
  const before = await stateOf(app, eve.user.id)
  t.match((await undoChange(app, late.undo)).json(), { status: 422, code: 'token_invalid' })
  t.equal(await stateOf(app, eve.user.id), before)
})

t.test('a token works once, even when twenty requests bring it at once', async t => {
  const ada = await signIn(app)
  const { undo } = await changeAddress(app, ada)
  const answers = await Promise.all(Array.from({ length: 20 }, (_, place) => undoChange(place % 2 ? app : other, undo)))

  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.equal(new Set(answers.filter(({ statusCode }) => statusCode !== 200).map(bare)).size, 1)
  t.same((await eventsOf(app, ada.user.id)).filter(event => event === 'email_restored'), ['email_restored'])

  t.equal((await linksTo(ada)).length, 1)
  await chooseAnother(ada)
  const again = await signIn(app, { email: ada.user.email, password: another })
  t.match((await undoChange(app, undo)).json(), { status: 422, code: 'token_invalid' })
  t.match(await as(app, again.access_token, 'GET', '/auth/check'), { statusCode: 204 }, 'what is spent ends no session')
})

t.test('whichever comes first, confirmation or undo, the old address wins', async t => {
  for (let round = 0; round < 10; round++) {
    const ada = await signIn(app)
    const { change, undo } = await askForChange(app, ada)
    const [confirmed, undone] = await Promise.all([confirmChange(app, change), undoChange(other, undo)])

    t.match(String(confirmed.statusCode), /^(200|422)$/)
    t.match(undone.json(), { email: ada.user.email })
    t.match(await app.database`select email from users where id = ${ada.user.id}`, [{ email: ada.user.email }])
    t.match((await refresh(app, ada.refresh_token)).json(), { code: 'session_ended', reason: 'email_restored' })
  }
})

t.test('a sign-in or a change that is under way meanwhile gains nothing', async t => {
  for (let round = 0; round < 10; round++) {
    const ada = await signIn(app)
    const { to, undo } = await changeAddress(app, ada)
    const [undone, login, change] = await Promise.all([
      undoChange(app, undo), post(other, '/auth/login', { email: to, password }), as(other, ada.access_token, 'POST', '/auth/email/change', { new_email: freshAddress() })
    ])

    t.equal(undone.statusCode, 200)
    t.match(String(login.statusCode), /^(200|401)$/)
    t.match(String(change.statusCode), /^(202|401)$/)
    if (login.statusCode === 200) t.match((await refresh(app, login.json().refresh_token)).json(), { code: 'session_ended', reason: 'email_restored' })
    t.same(await app.database`select purpose from one_time_tokens where user_id = ${ada.user.id}`, [{ purpose: 'password_reset' }])
    t.same(await app.database`select 1 from known_devices where user_id = ${ada.user.id}`, [])
  }
})

t.test('if another account has the old address by now, nothing changes and nothing is spent', async t => {
  const ada = await signIn(app)
  const { to, undo } = await changeAddress(app, ada)
  const taken = await registerAt(ada.user.email)
  const before = await stateOf(app, ada.user.id)

  for (const node of [app, other]) t.match((await undoChange(node, undo)).json(), { status: 409, code: 'conflict' })
  t.equal(await stateOf(app, ada.user.id), before)
  t.match(await post(app, '/auth/login', { email: to, password }), { statusCode: 200 })

  await app.database`delete from users where id = ${taken.id}`
  t.match((await undoChange(app, undo)).json(), { email: ada.user.email })
})

t.test('when a sign-up and an undo want one address at once, one gets it', async t => {
  for (let round = 0; round < 10; round++) {
    const ada = await signIn(app)
    const { undo } = await changeAddress(app, ada)
    const { registration_id: id } = (await post(app, '/auth/register', { email: ada.user.email, password, full_name: 'Eve' })).json()
    const [undone, registered] = await Promise.all([undoChange(app, undo), post(other, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) })])

    t.match([undone.statusCode, registered.statusCode].join(), /^(200,422|409,200)$/)
    t.equal((await app.database`select 1 from users where email_canonical = ${ada.user.email}`).length, 1)
  }
})

t.test('tokens of another purpose, broken, expired and unknown get one answer, and nothing is done', async t => {
  const ada = await signIn(app)
  const { change, undo } = await askForChange(app, ada)
  const id = await app.database.begin(tx => app.oneTimeTokens.issue(tx, { purpose: 'password_reset', userId: ada.user.id }))
  const reset = app.oneTimeTokens.tokenOf('password_reset', id)
  const before = await stateOf(app, ada.user.id)
  const answers = []
  for (const token of [change, reset, undo.slice(0, -1), undo.slice(1), `${undo}A`, undo.toUpperCase(), undo.toLowerCase(), `${undo}\n`, 'x', ada.access_token, ada.refresh_token, ada.device_token]) answers.push(await undoChange(app, token))

  t.equal(new Set(answers.map(bare)).size, 1)
  t.match(answers[0]?.json(), { status: 422, code: 'token_invalid' })
  t.equal(await stateOf(app, ada.user.id), before)
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
})

t.test('a request without a well-formed token is invalid', async t => {
  for (const body of [undefined, {}, { token: null }, { token: '' }, { token: 1 }, { token: ['x'] }, { token: 'x', email: freshAddress() }, { token: 'x'.repeat(4097) }]) {
    t.match((await post(app, '/auth/email/undo', body)).json(), { status: 422, code: 'invalid_request' }, JSON.stringify(body))
  }
})

t.test('a GET spends no token', async t => {
  const ada = await signIn(app)
  const { undo } = await changeAddress(app, ada)
  t.match(await app.inject({ method: 'GET', url: `/api/v1/auth/email/undo?token=${undo}` }), { statusCode: 405, headers: { allow: 'POST' } })
  t.match(await as(app, ada.access_token, 'GET', '/auth/check'), { statusCode: 204 })
  t.match(await undoChange(app, undo), { statusCode: 200 })
})

t.test('a disabled account gets its address back and stays disabled: it is safe when it is enabled again', async t => {
  const account = await signUp(app)
  const [thief, key] = [await signIn(app, account), createAuthenticator({ origin })]
  const { to, undo } = await changeAddress(app, thief)
  await add(app, thief, key)
  await disable(app, account.user.id)
  const before = await mailJobs(app)
  t.match((await undoChange(app, undo)).json(), { email: account.email })

  t.match(await app.database`select email, status, password_hash from users where id = ${account.user.id}`, [{ email: account.email, status: 'disabled', passwordHash: null }])
  t.same(await app.database`select 1 from one_time_tokens where user_id = ${account.user.id}`, [])
  t.same(await mailJobs(app), before, 'no link is mailed, as to nobody who is disabled')
  t.match((await post(app, '/auth/login', { email: account.email, password })).json(), { status: 401, code: 'invalid_credentials' })

  await app.database`update users set status = 'active' where id = ${account.user.id}`
  for (const email of [to, account.email]) t.match(await post(app, '/auth/login', { email, password }), { statusCode: 401 })
  t.match((await enter(app, { key })).json(), { status: 401, code: 'passkey_unknown' })
  t.match(await post(app, '/auth/password/forgot', { email: account.email }), { statusCode: 202 })
  await chooseAnother(account)
  t.match(await post(app, '/auth/login', { email: account.email, password: another }), { statusCode: 200 })
})

t.test('tries are counted by caller, separately from others, and leave an event', async t => {
  const app = await build(t, { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_LOGIN: '3/15m' })
  for (let n = 0; n < 3; n++) t.match((await undoChange(app, 'x')).json(), { code: 'token_invalid' })
  t.match((await undoChange(app, 'x')).json(), { status: 429, code: 'rate_limited' })
  t.match(await trail(app, null), [{ event: 'email_undo_fail', outcome: 'failure', reason: 'token_invalid' }, {}, {}])
})

t.test('the links in the mails are enough for the change and the way back', async t => {
  const deployment = await deploy(t, { APP_URL: 'https://app.example.com' })
  const app = await start(t, deployment, { hasher: cheapHasher })
  const ada = await signIn(app)
  const to = freshAddress()
  const mailsTo = async (address: string) => (await sentMails(app, deployment.DATA_DIR))
    .filter(mail => mail.to.includes(address))
    .map(({ kind, raw }) => ({ kind, links: linksIn(raw) }))

  await as(app, ada.access_token, 'POST', '/auth/email/change', { new_email: to })
  const [confirm] = await mailsTo(to)
  t.match(confirm, { kind: 'confirm_email', links: [/^https:\/\/app\.example\.com\/confirm-email#token=/] })
  t.match((await confirmChange(app, tokenIn(confirm?.links[0]))).json(), { email: to })

  t.same((await mailsTo(to)).map(({ kind }) => kind), ['confirm_email', 'email_changed'])
  const told = (await mailsTo(ada.user.email)).filter(({ kind }) => kind === 'email_changed')
  t.equal(told.length, 2, 'asked for and done')
  for (const { links } of told) t.match(links, [/^https:\/\/app\.example\.com\/undo-email-change#token=/])
  t.match((await undoChange(app, tokenIn(told[1]?.links[0]))).json(), { email: ada.user.email })

  const [reset, ...others] = (await mailsTo(ada.user.email)).filter(({ kind }) => kind === 'password_reset')
  t.match(reset?.links, [/^https:\/\/app\.example\.com\/reset-password#token=/])
  t.same(others, [])
  t.match(await post(app, '/auth/password/reset', { token: tokenIn(reset?.links[0]), new_password: another }), { statusCode: 200 })
  t.match(await post(app, '/auth/login', { email: ada.user.email, password: another }), { statusCode: 200 })
})

/** The links in the text of a mail. */
function linksIn (raw: string) {
  return [...new Set(raw.replaceAll('=\r\n', '').replaceAll('=3D', '=').match(/https:\/\/app\.example\.com\/[\w-]+#token=[\w-]+/g))]
}

function tokenIn (link = '') {
  return link.replace(/^.*#token=/, '')
}

/** Sets a password by the link that is mailed to the owner. */
async function chooseAnother (owner: { user: { id: string } }) {
  const token = app.oneTimeTokens.tokenOf('password_reset', await idOf(owner, 'password_reset'))
  const answer = await post(app, '/auth/password/reset', { token, new_password: another })
  if (answer.statusCode !== 200) throw new Error(answer.body)
}

/** The id of the newest token that an account has of this purpose. */
async function idOf ({ user }: { user: { id: string } }, purpose: 'password_reset' | 'invitation'): Promise<string> {
  const [token] = await app.database<{ id: string }>`select id from one_time_tokens where user_id = ${user.id} and purpose = ${purpose} order by created_at desc limit 1`
  return token?.id ?? randomUUID()
}

/** The mails with a link to a new password that an account has got and not used. */
async function linksTo (owner: { user: { id: string } }) {
  const id = await idOf(owner, 'password_reset')
  return (await mailJobs(app, 'password_reset')).filter(({ tokenId }) => tokenId === id)
}

/** An account that another person makes with this address. */
async function registerAt (email: string): Promise<{ id: string }> {
  const { registration_id: id } = (await post(app, '/auth/register', { email, password, full_name: 'Eve' })).json()
  return (await post(app, '/auth/verify-email', { registration_id: id, code: await codeOf(app, id) })).json().user
}

/** The clock of a node that is this many milliseconds behind the others. */
function behind (milliseconds: number): typeof app.clock {
  const { clock } = app
  return {
    ...clock,
    now: () => clock.now() - milliseconds,
    monotonic: () => clock.monotonic(),
    get offset () { return clock.offset },
    advance: clock.advance
  }
}

/** What an account has, as an administrator reads it. */
async function factorsOf ({ user }: { user: { id: string } }) {
  const clerk = await signed(app, 'accountant')
  return (await as(app, clerk.access_token, 'GET', `/users/${user.id}/second-factors`)).json()
}

/** Signs in by password and code of the authenticator app. */
async function enterByCode ({ email, secret, password }: Guarded) {
  nextStep(app)
  const { mfa_token: token } = (await post(app, '/auth/login', { email, password })).json()
  return await post(app, '/auth/login/second-factor', { mfa_token: token, code: codeAt(app, { secret }) })
}
