import t from 'tap'
import { createEncryptedRecipients } from '../../../lib/mail/recipients.ts'
import { changeAddress } from '../../support/accounts/email-changes.ts'
import { openBrowser, setCookies } from '../../support/cookie-jar.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, codeOf, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import { eventsOf, mailJobs, sentMails, trail } from '../../support/trail/evidence.ts'
import { until } from '../../support/until.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false, hasher: cheapHasher })
const other = await start(t, deployment, { workers: false, hasher: cheapHasher, clock: app.clock })
const gone = { statusCode: 401, code: 'session_ended', reason: 'account_deleted' }

t.test('erasing an account ends every session of it, and its password no longer signs in', async t => {
  const account = await signUp(app)
  const [mine, phone, stranger] = [await signIn(app, account), await signIn(app, account, { device_name: 'phone' }), await signIn(app)]

  const answer = await as(app, mine.access_token, 'DELETE', '/auth/me')
  t.equal(answer.statusCode, 204)
  t.equal(answer.body, '')
  t.equal(answer.headers['clear-site-data'], '"cache", "storage"')
  t.notOk(answer.headers['set-cookie'], 'no cookies for who brought none')

  for (const tokens of [mine, phone]) {
    for (const path of ['/auth/check', '/auth/me', '/auth/sessions']) t.match(brief(await as(app, tokens.access_token, 'GET', path)), gone, `at once: ${path}`)
    t.match(brief(await refresh(app, tokens.refresh_token)), gone)
    await until(async () => (await as(other, tokens.access_token, 'GET', '/auth/check')).statusCode === 401)
    t.match(brief(await as(other, tokens.access_token, 'GET', '/auth/me')), gone, 'and on every node')
    t.match(brief(await refresh(other, tokens.refresh_token)), gone)
  }
  t.match(brief(await as(app, mine.access_token, 'DELETE', '/auth/me')), gone)
  t.match(brief(await post(app, '/auth/login', login(account))), { statusCode: 401, code: 'invalid_credentials', reason: undefined }, 'as for any unknown address')
  t.match(await as(app, stranger.access_token, 'GET', '/auth/me'), { statusCode: 200 }, 'nobody else')
  t.match(await refresh(app, stranger.refresh_token), { statusCode: 200 })
})

t.test('erasing needs a session with a recently entered password', async t => {
  const mine = await signIn(app)
  t.match(brief(await app.inject({ method: 'DELETE', url: '/api/v1/auth/me' })), { statusCode: 401, code: 'unauthenticated' })

  app.clock.advance(10 * 60_000 + 2000)
  const late = await as(app, mine.access_token, 'DELETE', '/auth/me')
  t.match(late.json(), { status: 401, code: 'reauthentication_required', max_age: 600 })
  t.match(late.headers['www-authenticate'], /insufficient_user_authentication/)
  t.notOk(late.headers['clear-site-data'], 'nothing is cleared by a refusal')
  t.match(await as(app, mine.access_token, 'GET', '/auth/me'), { statusCode: 200 }, 'nothing has happened')
  t.strictSame(await mailJobs(app, 'account_deleted').then(jobs => jobs.length), 1, 'no mail but the one of the test before')
  t.notOk((await eventsOf(app, mine.user.id)).includes('user_deleted'))

  const again = (await as(app, mine.access_token, 'POST', '/auth/reauthenticate', { password })).json()
  t.match(await as(app, again.access_token, 'DELETE', '/auth/me'), { statusCode: 204 })
})

t.test('a session that was just ended elsewhere erases nothing', async t => {
  const account = await signUp(app)
  const [stolen, mine] = [await signIn(app, account), await signIn(app, account)]
  // Written past the feed: this node does not know yet.
  await app.database`update sessions set ended_at = now(), ended_reason = 'revoked_by_user' where id = ${stolen.session.id}`

  t.match(brief(await as(app, stolen.access_token, 'DELETE', '/auth/me')), { code: 'session_ended', reason: 'revoked_by_user' })
  t.match(await as(app, mine.access_token, 'GET', '/auth/me'), { statusCode: 200 })
})

t.test('a due change of the password comes first', async t => {
  const account = await signUp(app)
  await app.database`update users set must_change_password = true, version = version + 1 where id = ${account.user.id}`
  const mine = await signIn(app, account)
  t.match(brief(await as(app, mine.access_token, 'DELETE', '/auth/me')), { statusCode: 403, code: 'password_change_required' })
})

t.test('a browser forgets its tokens and keeps its device, which may serve other accounts', async t => {
  const account = await signUp(app)
  const browser = openBrowser(app)
  await browser.send('POST', '/auth/login', { ...login(account), transport: 'cookie' })
  const device = browser.cookies.get('__Host-device')

  const foreign = await browser.send('DELETE', '/auth/me', undefined, { headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' } })
  t.match(brief(foreign), { statusCode: 403, code: 'csrf' })
  t.match(await browser.send('GET', '/auth/me'), { statusCode: 200 })

  const answer = await browser.send('DELETE', '/auth/me')
  t.equal(answer.statusCode, 204)
  t.equal(answer.headers['clear-site-data'], '"cache", "storage"')
  t.strictSame(setCookies(answer).map(({ name, value }) => [name, value]), [['__Host-access', ''], ['__Host-refresh', '']])
  for (const { attributes } of setCookies(answer)) t.strictSame([...attributes].sort(), ['HttpOnly', 'Max-Age=0', 'Path=/', 'SameSite=Strict', 'Secure'])
  t.equal(browser.cookies.get('__Host-device'), device)
  t.match(brief(await browser.send('GET', '/auth/me')), { code: 'unauthenticated' })
})

t.test('the owner is notified by one last mail, whose job contains no readable name or address', async t => {
  const account = await signUp(app, { locale: 'de' })
  const mine = await signIn(app, account)
  const before = await mailJobs(app, 'account_deleted')
  await as(app, mine.access_token, 'DELETE', '/auth/me')

  const jobs = (await mailJobs(app, 'account_deleted')).slice(before.length)
  t.equal(jobs.length, 1)
  t.strictSame(Object.keys(jobs[0] ?? {}).sort(), ['kind', 'recipient'])
  t.strictSame(createEncryptedRecipients(app.secrets.derive('recipients of mails')).decrypt(jobs[0]?.['recipient'] ?? ''), { email: account.email, fullName: 'Ada King', locale: 'de' })
  t.notMatch(JSON.stringify(jobs), new RegExp(`${account.email}|Ada King|${account.user.id}`))
})

t.test('the previous addresses are notified too, so a thief who moves the account first cannot erase it in silence', async t => {
  const account = await signUp(app)
  const thief = await signIn(app, account)
  const [first, second] = [await changeAddress(app, thief), await changeAddress(app, thief)]
  const before = await mailJobs(app, 'account_deleted')
  t.equal((await as(app, thief.access_token, 'DELETE', '/auth/me')).statusCode, 204)

  const { decrypt: open } = createEncryptedRecipients(app.secrets.derive('recipients of mails'))
  const jobs = (await mailJobs(app, 'account_deleted')).slice(before.length)
  t.strictSame(jobs.map(({ recipient }) => open(recipient ?? '')?.email).sort(), [account.email, first.to, second.to].sort())
})

t.test('an earlier address is not told if nothing can bring the account back to it', async t => {
  const [account, newcomer] = [await signUp(app), await signUp(app)]
  const mine = await signIn(app, account)
  const [expired, current] = [await changeAddress(app, mine), await changeAddress(app, mine)]
  await app.database`update users set email = ${account.email}, email_canonical = ${account.email} where id = ${newcomer.user.id}`
  await app.database`update one_time_tokens set expires_at = now() - interval '1 minute' where email = ${expired.to} and purpose = 'email_undo'`
  const before = await mailJobs(app, 'account_deleted')
  t.equal((await as(app, mine.access_token, 'DELETE', '/auth/me')).statusCode, 204)

  const { decrypt: open } = createEncryptedRecipients(app.secrets.derive('recipients of mails'))
  const jobs = (await mailJobs(app, 'account_deleted')).slice(before.length)
  t.strictSame(jobs.map(({ recipient }) => open(recipient ?? '')?.email), [current.to], 'nor is a stranger who has it by now')
})

t.test('the mail is sent, and its job is removed', async t => {
  const working = await deploy(t)
  const node = await start(t, working, { hasher: cheapHasher })
  const account = await signUp(node, { full_name: 'Grace <b>Hopper</b>' })
  await as(node, (await signIn(node, account)).access_token, 'DELETE', '/auth/me')

  const mails = (await sentMails(node, working.DATA_DIR)).filter(({ kind }) => kind === 'account_deleted')
  t.match(mails, [{ to: account.email }])
  t.equal(mails.length, 1)
  t.strictSame(await node.database`select id from jobs where queue = 'mail'`, [])
})

t.test('the audit trail keeps its events, and their personal data can no longer be read', async t => {
  const account = await signUp(app)
  const mine = await signIn(app, account)
  await post(app, '/auth/login', { ...login(account), password: 'not this one' })
  await as(app, mine.access_token, 'PATCH', '/auth/me', { full_name: 'Ada Lovelace' })
  const before = await trail(app, account.user.id)
  t.ok(before.length >= 5 && before.every(({ read }) => read), 'the trail could be read')

  await as(app, mine.access_token, 'DELETE', '/auth/me')
  const after = await trail(app, account.user.id)
  t.strictSame(after.slice(0, -1), before.map(row => ({ ...row, read: null })), 'not a row has changed')
  t.match(after.at(-1), { event: 'user_deleted', outcome: 'success', reason: 'own_wish', actorId: account.user.id, subjectId: account.user.id, sessionId: mine.session.id, personal: null, addressHmac: null })
})

t.test('a later registration of the same address is a different person', async t => {
  const account = await signUp(app)
  const mine = await signIn(app, account, { device_name: 'the old phone' })
  await as(app, mine.access_token, 'DELETE', '/auth/me')

  const { registration_id: registrationId } = (await post(app, '/auth/register', { email: account.email, password, full_name: 'Another Ada' })).json()
  const confirmed = await post(app, '/auth/verify-email', { registration_id: registrationId, code: await codeOf(app, registrationId) })
  t.equal(confirmed.statusCode, 200)
  t.not(confirmed.json().user.id, account.user.id)

  const anew = await signIn(app, account)
  t.match((await as(app, anew.access_token, 'GET', '/auth/sessions')).json().sessions, [{ id: anew.session.id }])
  t.equal((await as(app, anew.access_token, 'GET', '/auth/sessions')).json().sessions.length, 1)
  t.notMatch((await as(app, anew.access_token, 'GET', '/auth/me/export')).body, /the old phone|Ada King/)
  t.match(brief(await refresh(app, mine.refresh_token)), gone, 'the old sessions are not hers')
  t.match(brief(await as(app, mine.access_token, 'GET', '/auth/me')), gone)
})

t.test('a waiting registration of the address is erased too: its code makes no account', async t => {
  const account = await signUp(app)
  const { registration_id: waiting } = (await post(app, '/auth/register', { email: account.email, password, full_name: 'Somebody' })).json()
  const code = await codeOf(app, waiting)
  const mine = await signIn(app, account)
  await as(app, mine.access_token, 'DELETE', '/auth/me')

  t.match(brief(await post(app, '/auth/verify-email', { registration_id: waiting, code })), { statusCode: 422, code: 'token_invalid' })
  t.strictSame(await app.database`select id from registrations where id = ${waiting}`, [])
  t.strictSame(await app.database`select subject_id from subject_keys where subject_id = any(${[waiting, account.user.id]}::uuid[])`, [], 'nor is its part of the trail readable')
})

t.test('links in earlier mails no longer work', async t => {
  const account = await signUp(app)
  const mine = await signIn(app, account)
  const tokens = await app.database.begin(async tx => {
    const made: string[] = []
    for (const purpose of ['password_reset', 'email_undo'] as const) made.push(app.oneTimeTokens.tokenOf(purpose, await app.oneTimeTokens.issue(tx, { purpose, userId: account.user.id, ...(purpose === 'email_undo' && { email: account.email, emailCanonical: account.email }) })))
    return made
  })
  await as(app, mine.access_token, 'DELETE', '/auth/me')

  for (const token of tokens) await t.rejects(app.oneTimeTokens.find(token, 'password_reset', 'email_undo'), { code: 'token_invalid' })
  if (app.hasRoute({ method: 'POST', url: '/api/v1/auth/password/reset' })) {
    t.match(brief(await post(app, '/auth/password/reset', { token: tokens[0], new_password: 'another long walk through snow' })), { statusCode: 422, code: 'token_invalid' })
  }
})

t.test('mails with links that wait are not sent any more', async t => {
  const [account, stranger] = [await signUp(app), await signUp(app)]
  const mine = await signIn(app, account)
  for (const { email } of [account, stranger]) await post(app, '/auth/password/forgot', { email })
  const waiting = async (id: string) => await app.database`select j.id from jobs j join one_time_tokens o on o.id::text = j.data ->> 'tokenId' where o.user_id = ${id}`
  const [before, others] = [await mailJobs(app, 'password_reset'), await waiting(stranger.user.id)]
  t.equal((await waiting(account.user.id)).length, 1)

  await as(app, mine.access_token, 'DELETE', '/auth/me')
  t.equal((await mailJobs(app, 'password_reset')).length, before.length - 1)
  t.strictSame(await waiting(stranger.user.id), others, 'those of others are')
})

t.test('the last active super_admin cannot be erased', async t => {
  const only = await makeAdministrator()
  const [first] = await signedIn(only)
  await makeAdministrator('disabled')

  const refused = await as(app, first?.access_token ?? '', 'DELETE', '/auth/me')
  t.match(brief(refused), { statusCode: 409, code: 'last_super_admin' })
  t.notOk(refused.headers['clear-site-data'])
  t.match(await as(app, first?.access_token ?? '', 'GET', '/auth/me'), { statusCode: 200 }, 'with a session')
  t.strictSame(await stateOf(only), ['super_admin'])
  t.notOk((await eventsOf(app, only.id)).includes('user_deleted'))

  const second = await makeAdministrator()
  t.match(await as(app, first?.access_token ?? '', 'DELETE', '/auth/me'), { statusCode: 204 }, 'where there is another one, one may go')
  t.strictSame(await stateOf(second), ['super_admin'])

  await t.test('when the last two super_admins erase themselves at once, one stays', async t => {
    const third = await makeAdministrator()
    const [mine, theirs] = await signedIn(second, third)
    const answers = await Promise.all([as(app, mine?.access_token ?? '', 'DELETE', '/auth/me'), as(other, theirs?.access_token ?? '', 'DELETE', '/auth/me')])
    t.strictSame(answers.map(({ statusCode }) => statusCode).sort(), [204, 409])
    t.equal((await app.database`select id from users where role = 'super_admin' and status = 'active'`).length, 1)
  })
})

function brief (answer: { statusCode: number, body: string }) {
  const { code, reason } = answer.body === '' ? {} as Record<string, undefined> : JSON.parse(answer.body)
  return { statusCode: answer.statusCode, code, reason }
}

function login ({ email, password }: { email: string, password: string }) {
  return { email, password }
}

async function makeAdministrator (status = 'active') {
  const caller = { ip: '127.0.0.1', userAgent: null, requestId: 'test' }
  const made = await app.administrators.create({ email: freshAddress(), fullName: 'Grace Hopper', password, another: true }, caller)
  await app.database`update users set status = ${status} where id = ${made.id}`
  return made
}

async function signedIn (...accounts: { email: string }[]) {
  return await Promise.all(accounts.map(async account => await signIn(app, account)))
}

async function stateOf ({ id }: { id: string }) {
  return (await app.database<{ role: string }>`select role from users where id = ${id}`).map(({ role }) => role)
}
