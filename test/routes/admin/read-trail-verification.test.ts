import t from 'tap'
import { brief, signed } from '../../support/accounts/people.ts'
import { signInAs } from '../../support/accounts/roles.ts'
import { run } from '../../support/command.ts'
import { connect } from '../../support/database.ts'
import { as, deploy, signIn, start } from '../../support/helper.ts'
import { sealsOf } from '../../support/trail/audit-seals.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false })
const sql = connect(t, deployment.DATABASE_DIRECT_URL)
const path = '/admin/trail-verification'
const chief = await signed(app, 'super_admin')

t.test('while none has been recorded there is no verification', async t => {
  t.match(await run(deployment, ['audit-verify']), { code: 0 }, 'one that is not to be recorded leaves nothing')
  const answer = await as(app, chief.access_token, 'GET', path)
  t.match(answer, { statusCode: 200, headers: { 'cache-control': 'no-store' } })
  t.strictSame(answer.json(), { verification: null })
})

t.test('the last verification that was recorded is shown with its times and its verdict', async t => {
  await sealsOf(app).seal()
  const said = JSON.parse((await run(deployment, ['audit-verify', '--record', '--json'])).stdout)
  const { begun_at: begun, ended_at: ended, ...verdict } = await verification()

  t.match(said, { sound: true, recorded: true })
  t.ok(said.events > 0)
  const none = { count: 0, first: [] }
  t.strictSame(verdict, {
    sound: true,
    seals: said.seals,
    events: said.events,
    dropped: 0,
    unsealed: said.unsealed,
    unchecked: 0,
    head: said.head,
    has_head: null,
    altered: none,
    removed: none,
    inserted: none,
    reordered: none,
    unsigned: none,
    orphaned: none,
    broken_seals: none,
    lost_keys: none
  })
  const [{ now } = {}] = await sql<{ now: Date }[]>`select now()`
  t.ok(Date.parse(begun) <= Date.parse(ended) && Date.parse(ended) <= Number(now))
})

t.test('a later one takes its place, and names the first of what is wrong', async t => {
  const { ended_at: before } = await verification()
  for (let n = 0; n < 25; n++) await signIn(app, { email: chief.user.email })
  await sealsOf(app).seal()
  await sql`alter table audit_events disable trigger user`
  const altered = await sql<{ id: number }[]>`update audit_events set reason = 'other' where id > 1 returning id`
  await sql`alter table audit_events enable trigger user`
  const ids = altered.map(({ id }) => id).sort((a, b) => a - b)
  t.ok(ids.length > 20)
  t.match(await run(deployment, ['audit-verify', '--record', '--head', 'ab'.repeat(32)]), { code: 1, stdout: /NOT sound/ })

  const shown = await verification()
  t.match(shown, { sound: false, has_head: false })
  t.strictSame(shown.altered, { count: ids.length, first: ids.slice(0, 20) })
  t.ok(Date.parse(shown.ended_at) > Date.parse(before))
  t.match(await sql`select count(*)::int as rows from audit_verifications`, [{ rows: 1 }])
})

t.test('only callers who may change roles see it', async t => {
  for (const role of ['admin', 'accountant', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    t.same(brief(await as(app, token, 'GET', path)), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { reason: 'roles:write' })
  }
  t.same(brief(await app.inject(`/api/v1${path}`)), { status: 401, code: 'unauthenticated' })
})

async function verification () {
  return (await as(app, chief.access_token, 'GET', path)).json().verification
}
