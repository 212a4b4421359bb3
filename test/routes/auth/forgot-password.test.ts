import { randomUUID } from 'node:crypto'
import t from 'tap'
import { createClock } from '../../../lib/clock.ts'
import { disable } from '../../support/accounts/people.ts'
import { cheapHasher, countingHasher } from '../../support/hashers.ts'
import { api, deploy, freshAddress, password, post, refresh, signIn, signUp, start } from '../../support/helper.ts'
import { sendRaw } from '../../support/http.ts'
import { tapWires } from '../../support/statements/wiretap.ts'
import { mailJobs, sentMails, trail } from '../../support/trail/evidence.ts'

const hasher = countingHasher()
const { tap, deployment } = await tapWires(t, await deploy(t))
const clock = createClock()
const app = await start(t, deployment, { workers: false, hasher, clock })
const limits = { RATE_LIMITS_ENABLED: 'true', RATE_LIMIT_REGISTER: '1000/1h', RATE_LIMIT_LOGIN: '1000/15m' }
const limitedApp = await start(t, await deploy(t, limits), { workers: false, hasher: cheapHasher, clock })
const newPassword = 'seven quiet herons over reeds'

t.test('the owner of an account is sent a token that sets a new password', async t => {
  const ada = await signUp(app)
  const answer = await forgot(ada.email)
  t.equal(answer.statusCode, 202)
  t.ok(['', 'null'].includes(answer.body))
  t.notOk(answer.headers['set-cookie'])

  const [job] = await jobsFor(ada.user.id)
  t.same(job, { kind: 'password_reset', tokenId: job?.tokenId }, 'ids only')
  t.match(await post(app, '/auth/password/reset', { token: app.oneTimeTokens.tokenOf('password_reset', job?.tokenId ?? ''), new_password: newPassword }), { statusCode: 200 })
  t.match(await post(app, '/auth/login', { email: ada.email, password: newPassword }), { statusCode: 200 })
})

t.test('known, unknown, disabled and never confirmed addresses get one answer and cost equal work at every step', async t => {
  const [known, disabled, pending] = [await signUp(app), await signUp(app), freshAddress()]
  await disable(app, disabled.user.id)
  await post(app, '/auth/register', { email: pending, password, full_name: 'Ada' })
  await forgot(freshAddress())

  const expected = await measured(known.email)
  t.equal(expected.work.hashes.verifications + expected.work.hashes.hashes, 0)
  t.same([expected.rows.tokens, expected.rows.jobs, expected.rows.events], [1, 1, 1])
  t.same(expected.work.statements.filter(statement => /^select/.test(statement)).length, 1, 'one read')
  for (const [name, email] of Object.entries({
    disabled: disabled.email,
    pending,
    unknown: freshAddress(),
    shouted: known.email.toUpperCase()
  })) {
    t.same(await measured(email), expected, name)
  }

  async function measured (email: string) {
    const before = await rows()
    tap.take()
    hasher.take()
    const { statusCode, body, headers: { date, 'x-request-id': id, ...headers } } = await forgot(email)
    const work = { ...tap.take(), hashes: hasher.take() }
    const after = await rows()
    return {
      statusCode,
      body,
      headers,
      work,
      rows: {
        tokens: after.tokens - before.tokens,
        jobs: after.jobs - before.jobs,
        events: after.events - before.events
      }
    }
  }
})

t.test('an address without an active account gets a row without user and address', async t => {
  const disabled = await signUp(app)
  await disable(app, disabled.user.id)
  for (const email of [disabled.email, freshAddress()]) {
    await forgot(email)
    const tokenId = (await mailJobs(app)).at(-1)?.['tokenId'] ?? ''
    t.same(await app.database`select user_id, email from one_time_tokens where id = ${tokenId}`, [{ userId: null, email: null }])
    t.match((await post(app, '/auth/password/reset', { token: app.oneTimeTokens.tokenOf('password_reset', tokenId), new_password: newPassword })).json(), { status: 422, code: 'token_invalid' })
  }
})

t.test('known and unknown addresses take the same time', async t => {
  const ada = await signUp(app)
  const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
  // A busy machine scatters the times: what is equal shows in more of them at the latest, a difference stays.
  for (let n = 0; n < 60 || (n < 300 && !areEqual()); n++) {
    for (const [kind, email] of n % 2 ? [['known', ada.email], ['unknown', freshAddress()]] as const : [['unknown', freshAddress()], ['known', ada.email]] as const) {
      const started = performance.now()
      await forgot(email)
      times[kind].push(performance.now() - started)
    }
  }
  const [known, unknown] = [median(times.known), median(times.unknown)]
  t.ok(areEqual(), `${known} and ${unknown} ms`)

  function areEqual () {
    const [known, unknown] = [median(times.known), median(times.unknown)]
    return Math.abs(known - unknown) < 0.05 * Math.max(known, unknown)
  }
})

t.test('asking changes nothing of the account and locks nobody out', async t => {
  const ada = await signUp(app)
  const tokens = await signIn(app, ada)
  const before = await app.database`select * from users where id = ${ada.user.id}`
  for (let n = 0; n < 20; n++) await forgot(ada.email)
  t.same(await app.database`select * from users where id = ${ada.user.id}`, before)
  t.match(await refresh(app, tokens.refresh_token), { statusCode: 200 })
  t.match(await post(app, '/auth/login', { email: ada.email, password }), { statusCode: 200 })
})

t.test('each request leaves an event: of the account, or of the HMAC of an unknown address', async t => {
  const ada = await signUp(app)
  const stranger = freshAddress()
  await forgot(ada.email)
  t.match((await trail(app, ada.user.id)).at(-1), { event: 'authn_password_reset_request', outcome: 'success', actorId: null, addressHmac: null, read: { ip: '127.0.0.1' } })

  await forgot(stranger)
  await forgot(stranger.toUpperCase())
  const [first, second] = (await trail(app, null)).slice(-2)
  t.match(first, { event: 'authn_password_reset_request', addressHmac: Buffer, read: { ip: '127.0.0.1' } })
  t.same(first?.addressHmac, second?.addressHmac, 'in whatever case')
  const [stored] = await app.database<{ text: string }>`select string_agg(row_to_json(a)::text, '') as text from audit_events a where event = 'authn_password_reset_request'`
  t.notOk(stored?.text.toLowerCase().includes(stranger))
})

t.test('an invalid address is refused and leaves nothing', async t => {
  const before = await rows()
  for (const email of ['x@y', 'ada@', '@example.com', 'ada@example', 'ada king@example.com', 'ada@example.com\r\nBcc: eve@example.com', 'a@example.com,b@example.com', 'Ada <ada@example.com>', 'ada@[127.0.0.1]', '"ada"@example.com', 'ada@example.com.', `${'a'.repeat(65)}@example.com`]) {
    t.match((await forgot(email)).json(), { status: 422, code: 'invalid_request', errors: [{ path: '/email', code: 'not_an_address' }] }, JSON.stringify(email))
  }
  t.match((await forgot('a\0@example.com')).json(), { status: 400, code: 'malformed_request' })
  for (const body of [undefined, {}, { email: null }, { email: 1 }, { email: ['ada@example.com'] }, { email: { $gt: '' } }, { email: '' }, { email: 'x'.repeat(321) }, { email: 'ada@example.com', role: 'admin' }, { email: 'ada@example.com', app_url: 'https://evil.example' }]) {
    const { statusCode } = await post(app, '/auth/password/forgot', body)
    t.equal(statusCode, 422, JSON.stringify(body))
  }
  t.same(await rows(), before)
})

t.test('a GET is refused with 405 and sends nothing', async t => {
  const before = await rows()
  for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'] as const) {
    const answer = await app.inject({ method, url: api(`/auth/password/forgot?email=${encodeURIComponent(freshAddress())}`) })
    t.equal(answer.statusCode, 405, method)
    t.match(answer.headers['allow'], /POST/)
  }
  t.same(await rows(), before)
})

t.test('no header of the request gets into the mail', async t => {
  const ada = await signUp(app)
  const evil = 'evil.example'
  const forged: Record<string, string>[] = [
    { host: evil }, { 'x-forwarded-host': evil }, { 'x-forwarded-proto': 'javascript', 'x-forwarded-host': evil }, { forwarded: `host=${evil}` }, { 'x-original-url': `https://${evil}/` }, { 'x-host': evil }, { referer: `https://${evil}/` }
  ]
  for (const headers of forged) t.match(await post(app, '/auth/password/forgot', { email: ada.email }, headers), { statusCode: 202 }, JSON.stringify(headers))
  const body = JSON.stringify({ email: ada.email })
  const raw = await sendRaw(app, `POST http://${evil}${api('/auth/password/forgot')} HTTP/1.1\r\nHost: ${evil}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
  t.match(raw, /^HTTP\/1\.1 (202|4\d\d)/)

  for (const row of await app.database<{ text: string }>`select data::text as text from jobs union all select row_to_json(o)::text from one_time_tokens o`) t.notOk(row.text.includes('evil'))
})

t.test('the mail links to APP_URL, whatever the request says, and its link works', async t => {
  const own = await deploy(t, { APP_URL: 'https://app.example.com/deep' })
  const node = await start(t, own, { hasher: cheapHasher })
  const ada = await signUp(node)
  await post(node, '/auth/password/forgot', { email: ada.email.toUpperCase() }, { host: 'evil.example', 'x-forwarded-host': 'evil.example' })
  await post(node, '/auth/password/forgot', { email: freshAddress() })

  const mails = (await sentMails(node, own.DATA_DIR)).filter(({ kind }) => kind === 'password_reset')
  t.match(mails, [{ to: ada.email }], 'to the address as it is stored, and to nobody else')
  const raw = mails[0]?.raw.replaceAll('=\r\n', '').replaceAll('=3D', '=') ?? ''
  t.notOk(raw.includes('evil.example'))
  const links = new Set([...raw.matchAll(/https?:\/\/[^\s"<>]+#token=[A-Za-z0-9_-]+/g)].map(([link]) => link))
  t.equal(links.size, 1)
  const [link = ''] = links
  t.match(link, /^https:\/\/app\.example\.com\/deep\/reset-password#token=[A-Za-z0-9_-]{72}$/)
  t.match(await post(node, '/auth/password/reset', { token: link.split('#token=')[1], new_password: newPassword }), { statusCode: 200 })
})

t.test('only the newest link works', async t => {
  const ada = await signUp(app)
  await forgot(ada.email)
  await forgot(ada.email)
  const [first, second] = (await jobsFor(ada.user.id)).map(({ tokenId }) => app.oneTimeTokens.tokenOf('password_reset', tokenId))
  t.match((await post(app, '/auth/password/reset', { token: first, new_password: newPassword })).json(), { code: 'token_invalid' })
  t.match(await post(app, '/auth/password/reset', { token: second, new_password: newPassword }), { statusCode: 200 })
  t.match((await post(app, '/auth/password/reset', { token: first, new_password: newPassword })).json(), { code: 'token_invalid' })
})

t.test('beyond three requests an hour from one caller and ten for one address: the same answer, no token and no job', async t => {
  const ada = await signUp(limitedApp)
  const faces = new Set<string>()
  for (let n = 0; n < 8; n++) faces.add(face(await forgot(ada.email, { from: '198.51.100.1', by: limitedApp })))
  t.equal(await live(ada.user.id), 3)
  const newest = await newestOf(ada.user.id)

  for (let host = 0; host < 20; host++) faces.add(face(await forgot(host % 2 ? ada.email : ada.email.toUpperCase(), { from: `203.0.113.${host}`, by: limitedApp })))
  t.equal(await live(ada.user.id), 10)
  t.equal(faces.size, 1)
  t.equal((await mailJobs(limitedApp, 'password_reset')).length, 10)
  t.not(await newestOf(ada.user.id), newest)

  const last = await newestOf(ada.user.id)
  for (let n = 0; n < 5; n++) await forgot(ada.email, { from: '198.51.100.1', by: limitedApp })
  t.match(await post(limitedApp, '/auth/password/reset', { token: limitedApp.oneTimeTokens.tokenOf('password_reset', last), new_password: newPassword }), { statusCode: 200 }, 'the owner’s last link is not outdone by what nobody is sent')
})

t.test('an address without an account reaches the limit in the same way', async t => {
  const [ada, stranger] = [await signUp(limitedApp), freshAddress()]
  const known: string[] = []
  const unknown: string[] = []
  for (let n = 0; n < 5; n++) {
    known.push(face(await forgot(ada.email, { from: '198.51.100.2', by: limitedApp })))
    unknown.push(face(await forgot(stranger, { from: '198.51.100.2', by: limitedApp })))
  }
  t.same(unknown, known)
  const outcomes = ['success', 'success', 'success', 'failure']
  t.same((await requestsOf(ada.user.id)).map(({ outcome }) => outcome), outcomes)
  t.same((await trail(limitedApp, null)).slice(-4).map(({ outcome }) => outcome), outcomes)
})

t.test('beyond the limit a stranger writes nothing but one event a minute in the name of an owner', async t => {
  const [ada, bob] = [await signUp(limitedApp), await signUp(limitedApp)]
  for (let n = 0; n < 3; n++) await flood(ada.email, 1)
  const before = await rows(limitedApp)
  const { length } = await requestsOf(ada.user.id)

  await flood(ada.email, 50)
  const [refused, ...more] = (await requestsOf(ada.user.id)).slice(length)
  t.match(refused, { outcome: 'failure', reason: 'rate_limited', actorId: null, read: { ip: '198.51.100.3' } })
  t.same(more, [])
  const after = await rows(limitedApp)
  t.same([after.tokens, after.jobs], [before.tokens, before.jobs])

  await flood(bob.email, 4)
  const ofBob = (await requestsOf(bob.user.id)).map(({ outcome }) => outcome)
  t.same(ofBob.sort(), ['failure', 'success', 'success', 'success'], 'another owner has a minute of their own')
  limitedApp.clock.advance(60_000)
  await flood(ada.email, 5)
  t.equal((await requestsOf(ada.user.id)).length, length + 2)

  async function flood (email: string, times: number) {
    await Promise.all(Array.from({ length: times }, () => forgot(email, { from: '198.51.100.3', by: limitedApp })))
  }
})

t.test('a known device or a session of the account has a limit of its own, which nobody else can use up', async t => {
  const ada = await signUp(limitedApp)
  const tokens = await signIn(limitedApp, ada)
  for (let host = 0; host < 12; host++) await forgot(ada.email, { from: `203.0.113.${host}`, by: limitedApp })
  const page = { origin: 'http://localhost:3000' }

  await sends(true, { ...page, cookie: `__Host-device=${ada.deviceToken}` }, 'a known device')
  await sends(true, { authorization: `Bearer ${tokens.access_token}` }, 'a session')
  await sends(true, { ...page, cookie: `__Host-access=${tokens.access_token}` }, 'a session in a cookie')
  await sends(true, { ...page, cookie: `__Host-device=${ada.deviceToken}` }, 'a known device')
  await sends(true, { ...page, cookie: `__Host-device=${ada.deviceToken}` }, 'a known device')
  await sends(false, { ...page, cookie: `__Host-device=${ada.deviceToken}` }, 'a known device, for the fourth time')

  const eve = await signUp(limitedApp)
  const hers = await signIn(limitedApp, eve)
  await sends(false, { ...page, cookie: `__Host-device=${eve.deviceToken}` }, 'the device of another account')
  await sends(false, { authorization: `Bearer ${hers.access_token}` }, 'the session of another account')
  for (const bad of ['Bearer x', 'Basic eDp5', `Bearer ${tokens.access_token}x`]) await sends(false, { authorization: bad }, bad.slice(0, 12))
  await sends(false, { ...page, cookie: '__Host-device=invented' }, 'an invented device')

  async function sends (isSent: boolean, headers: Record<string, string>, name: string) {
    const before = await live(ada.user.id)
    const answer = await post(limitedApp, '/auth/password/forgot', { email: ada.email }, headers)
    t.equal(answer.statusCode, 202, name)
    t.equal(await live(ada.user.id) - before, isSent ? 1 : 0, name)
  }
})

t.test('the access token of a session that has ended counts for nothing, and the answer does not show it', async t => {
  const ada = await signUp(limitedApp)
  const [ended, alive] = [await signIn(limitedApp, ada), await signIn(limitedApp, ada)]
  for (let host = 0; host < 12; host++) await forgot(ada.email, { from: `203.0.113.${host}`, by: limitedApp })
  t.match(await post(limitedApp, '/auth/logout', {}, { authorization: `Bearer ${ended.access_token}` }), { statusCode: 204 })
  const asked = async ({ access_token: token }: typeof ended) =>
    face(await post(limitedApp, '/auth/password/forgot', { email: ada.email }, { authorization: `Bearer ${token}` }))

  const before = await live(ada.user.id)
  const answer = await asked(ended)
  t.equal(await live(ada.user.id), before, 'no mail')
  t.equal(await asked(alive), answer)
  t.equal(await live(ada.user.id), before + 1, 'the owner’s living session still has a count of its own')
})

t.test('a page of another site cannot ask with a visitor’s cookies', async t => {
  const ada = await signUp(app)
  const before = await rows()
  for (const headers of [{ origin: 'https://evil.example' }, { origin: 'https://evil.example', cookie: `__Host-device=${ada.deviceToken}` }, { cookie: `__Host-device=${ada.deviceToken}` }]) {
    t.match((await post(app, '/auth/password/forgot', { email: ada.email }, headers)).json(), { status: 403, code: 'csrf' })
  }
  t.same(await rows(), before)
})

t.test('fifty requests at once get fifty answers and leave one live token, without an error', async t => {
  const ada = await signUp(app)
  const answers = await Promise.all(Array.from({ length: 50 }, () => forgot(ada.email)))
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([202]))
  const found = await Promise.allSettled((await jobsFor(ada.user.id)).map(({ tokenId }) => app.oneTimeTokens.find(app.oneTimeTokens.tokenOf('password_reset', tokenId), 'password_reset')))
  t.equal(found.filter(({ status }) => status === 'fulfilled').length, 1)
})

async function forgot (email: string, { from, by = app }: { from?: string, by?: typeof app } = {}) {
  return await by.inject({ method: 'POST', url: api('/auth/password/forgot'), payload: { email }, ...(from !== undefined && { remoteAddress: from }) })
}

async function jobsFor (userId: string) {
  const rows = await app.database<{ data: { kind: string, tokenId: string } }>`
    select j.data from jobs j join one_time_tokens o on o.id::text = j.data->>'tokenId' where o.user_id = ${userId} order by j.id`
  return rows.map(({ data }) => data)
}

async function requestsOf (userId: string) {
  return (await trail(limitedApp, userId)).filter(({ event }) => event === 'authn_password_reset_request')
}

async function live (userId: string) {
  return (await limitedApp.database`select 1 from one_time_tokens where user_id = ${userId}`).length
}

async function newestOf (userId: string) {
  const [row] = await limitedApp.database<{ id: string }>`select id from one_time_tokens where user_id = ${userId} order by created_at desc, id desc limit 1`
  return row?.id ?? randomUUID()
}

async function rows (by = app) {
  const [counts] = await by.database<Record<'tokens' | 'jobs' | 'events', number>>`
    select (select count(*) from one_time_tokens) as tokens, (select count(*) from jobs) as jobs, (select count(*) from audit_events) as events`
  if (counts === undefined) throw new Error('nothing was counted')
  return counts
}

function face ({ statusCode, body, headers: { date, 'x-request-id': id, ratelimit, ...headers } }: Awaited<ReturnType<typeof forgot>>) {
  return JSON.stringify({ statusCode, body, headers })
}

function median (values: number[]) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
