import { randomUUID } from 'node:crypto'
import t from 'tap'
import { openProxy } from '../../failure/nodes.ts'
import { demand, guarded } from '../../support/accounts/factors.ts'
import { brief, person, signed } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, signIn, signUp, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const day = 86_400_000

const app = await start(t, await deploy(t, { REMEMBER_DEVICE: '30d' }), { workers: false, hasher: cheapHasher })
const clerk = await signed(app, 'accountant')

t.test('the devices that an account knows are listed, the one that signed in last first', async t => {
  const [ada, bob] = [await signUp(app), await signUp(app)]
  const laptop = await signIn(app, ada)
  app.clock.advance(1000)
  const phone = await signIn(app, ada, { device_name: 'Ada’s phone' })
  await signIn(app, bob, { device_token: phone.device_token, device_name: 'Bob’s name for it' })

  const { devices } = (await list(ada.user.id)).json()
  const known = [idOf(phone), idOf(laptop), app.deviceTokens.read(ada.deviceToken)]
  t.strictSame(devices.map(({ id }: { id: string }) => id), known)
  t.match(devices, [
    { signed_in: true, device_name: 'Ada’s phone', second_factor_at: null, remembered_until: null },
    { signed_in: true, device_name: null },
    { signed_in: false, device_name: null, user_agent: null }
  ])
  t.strictSame(Object.keys(devices[0]), ['id', 'known_since', 'last_used_at', 'second_factor_at', 'remembered_until', 'signed_in', 'device_name', 'user_agent'])
  t.equal(devices[0].user_agent, (await as(app, phone.access_token, 'GET', '/auth/sessions')).json().sessions[0].user_agent)
  t.notMatch((await list(ada.user.id)).body, /127\.0\.0\.1|Bob|_token|hash/, 'no address, no secret, and nothing of another account')

  app.clock.advance(1000)
  await signIn(app, ada, { device_token: laptop.device_token })
  const [first] = (await list(ada.user.id)).json().devices
  t.match(first, { id: idOf(laptop), known_since: devices[1].known_since })
  t.ok(first.last_used_at > devices[1].last_used_at)
})

t.test('a device without a living session tells no name', async t => {
  const ada = await signUp(app)
  const phone = await signIn(app, ada, { device_token: ada.deviceToken, device_name: 'Ada’s phone' })
  t.match((await list(ada.user.id)).json(), { devices: [{ signed_in: true, device_name: 'Ada’s phone' }] })
  await as(app, phone.access_token, 'POST', '/auth/logout')
  t.match((await list(ada.user.id)).json(), { devices: [{ signed_in: false, device_name: null, user_agent: null }] })
})

t.test('of more devices than an account knows the last ten are listed', async t => {
  const ada = await signUp(app)
  for (let n = 0; n < 11; n++) {
    app.clock.advance(1000)
    await signIn(app, ada)
  }
  const { devices } = (await list(ada.user.id)).json()
  t.equal(devices.length, 10)
  t.notOk(devices.some(({ id }: { id: string }) => id === app.deviceTokens.read(ada.deviceToken)))
})

t.test('it tells when a device passed a second factor, and until when it is not asked for one', async t => {
  const ada = await guarded(app)
  const at = new Date(app.clock.now())
  await app.database`
    update known_devices d
    set second_factor_at = ${at}, remembered_at = ${at}, remembered_user_epoch = u.session_epoch,
        remembered_global_epoch = (select session_epoch from deployment)
    from users u
    where u.id = d.user_id and u.id = ${ada.user.id}`
  const remembered = async () => (await list(ada.user.id)).json().devices[0].remembered_until

  t.match((await list(ada.user.id)).json(), { devices: [{ second_factor_at: at.toISOString(), signed_in: false }] })
  t.equal(await remembered(), new Date(at.getTime() + 30 * day).toISOString())

  await app.database`update users set must_change_password = true where id = ${ada.user.id}`
  t.equal(await remembered(), null, 'not while the password has to be changed')
  await app.database`update users set must_change_password = false where id = ${ada.user.id}`
  t.ok(await remembered())

  await demand(app, 'user', 'required')
  t.equal(await remembered(), null, 'nor where the role demands the factor')
  await demand(app, 'user', 'optional')
  t.ok(await remembered())

  await app.database`update users set session_epoch = session_epoch + 1 where id = ${ada.user.id}`
  t.equal(await remembered(), null, 'nor once all sessions were ended')
  await app.database`update users set session_epoch = session_epoch - 1 where id = ${ada.user.id}`
  app.clock.advance(30 * day + 1)
  t.equal(await remembered(), null, 'nor for ever')
})

t.test('it takes the permission alone, and nobody else learns whether an id exists', async t => {
  const [ada, chief, fresh] = [await signed(app), await person(app, 'super_admin'), await signed(app, 'accountant')]
  t.match(brief(await list(chief.id, fresh.access_token)), { status: 200 }, 'whatever the rank')
  for (const id of [ada.id, chief.id, randomUUID()]) t.match(brief(await list(id, ada.access_token)), { status: 403, code: 'forbidden' })
  t.match(brief(await list(randomUUID(), fresh.access_token)), { status: 404, code: 'not_found' })
  t.match(brief(await list('not-an-id', fresh.access_token)), { status: 404, code: 'not_found' })
  t.match(brief(await app.inject(`/api/v1/users/${ada.id}/devices`)), { status: 401 })
})

t.test('to look changes nothing', async t => {
  const ada = await signUp(app)
  await signIn(app, ada)
  const fresh = await signed(app, 'accountant')
  const stored = () => app.database`select d::text, (select count(*)::int from sessions) as sessions, (select count(*)::int from jobs) as jobs from known_devices d where user_id = ${ada.user.id} order by device_id`
  const [before, events] = [await stored(), (await trail(app)).length]
  await list(ada.user.id, fresh.access_token)
  t.strictSame(await stored(), before)
  t.equal((await trail(app)).length, events)
})

t.test('without Postgres the answer is 503', async t => {
  const deployment = await deploy(t)
  const proxy = await openProxy(t, deployment.DATABASE_URL)
  const node = await start(t, { ...deployment, DATABASE_URL: proxy.url }, { workers: false, hasher: cheapHasher })
  const [reader, ada] = [await signed(node, 'accountant'), await person(node)]
  t.equal((await as(node, reader.access_token, 'GET', `/users/${ada.id}/devices`)).statusCode, 200)
  proxy.cut()
  const answer = await as(node, reader.access_token, 'GET', `/users/${ada.id}/devices`)
  t.match(brief(answer), { status: 503, code: 'unavailable' })
  t.ok(Number(answer.headers['retry-after']) > 0)
  proxy.restore()
})

async function list (id: string, token = '') {
  return await as(app, token || (await current()).access_token, 'GET', `/users/${id}/devices`)
}

let reader: { access_token: string, at: number } | undefined

/** A session of an administrator whose access token has not expired. */
async function current () {
  if (!reader || app.clock.now() - reader.at > 600_000) reader = { ...await signIn(app, clerk), at: app.clock.now() }
  return reader
}

function idOf ({ device_token: token }: { device_token?: string }) {
  return app.deviceTokens.read(token ?? '')
}
