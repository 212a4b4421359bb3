import t from 'tap'
import { brief, signed } from '../../support/accounts/people.ts'
import { signInAs } from '../../support/accounts/roles.ts'
import { connect, makeDatabase } from '../../support/database.ts'
import { as, deploy, freshAddress, password, post, start } from '../../support/helper.ts'
import { trail } from '../../support/trail/evidence.ts'

const deployment = await deploy(t)
const app = await start(t, deployment, { workers: false })
const chief = await signed(app, 'super_admin')
await app.database`delete from jobs`

interface Page { mails: Record<string, unknown>[], next_cursor: string | null }

t.test('without mails the lists are empty', async t => {
  for (const state of ['waiting', 'failed']) t.strictSame((await list({ state })).json(), { mails: [], next_cursor: null })
})

t.test('a mail that waits names neither its recipient nor its subject', async t => {
  const email = freshAddress()
  const { registration_id: id } = (await post(app, '/auth/register', { email, password, full_name: 'Ada King' })).json()
  const answer = await list({ state: 'waiting' })
  const { mails: [mail] } = answer.json() as Page

  t.match(mail, { kind: 'registration', state: 'waiting', attempts: 0, failed_at: null, failure: null })
  t.same(Object.keys(mail ?? {}), ['id', 'kind', 'state', 'attempts', 'attempts_max', 'created_at', 'due_at', 'failed_at', 'failure'])
  t.notMatch(answer.body, email)
  t.notMatch(answer.body, id)
  t.same((await list()).json().mails, [], 'it has not failed')
  await app.database`delete from jobs`
})

t.test('a mail that failed says why in a word, and not what the server said', async t => {
  await app.database`
    insert into jobs (queue, data, attempts, attempts_max, failed_at, error)
    values ('mail', '{"kind":"password_reset","tokenId":"a-canary"}', 11, 11, now(), 'mail: refused for good: 554 https://app.example/#token=a-canary')`
  const answer = await list({ state: 'failed' })

  t.match(answer.json().mails, [{ kind: 'password_reset', state: 'failed', attempts: 11, attempts_max: 11, due_at: null, failure: 'refused_for_good' }])
  t.match(answer.json().mails[0].failed_at, /Z$/)
  t.notMatch(answer.body, 'canary')
  t.strictSame((await list()).json(), answer.json(), 'the same without a state')
  await app.database`delete from jobs`
})

t.test('mails are listed in pages, each of them once: those that are tried next first, those that failed last first', async t => {
  await app.database`
    insert into jobs (queue, data, due_at, failed_at, error)
    select 'mail', jsonb_build_object('kind', state || number),
           now() + number / 2 * interval '1 minute',
           case state when 'failed' then now() - number / 2 * interval '1 second' end,
           case state when 'failed' then 'mail: unreachable: x' end
    from generate_series(1, 7) number cross join unnest(array['waiting', 'failed']) state
    order by number desc`
  await app.database`insert into jobs (queue, failed_at) values ('clean-up', now()), ('clean-up', null)`

  const order = { waiting: [1, 3, 2, 5, 4, 7, 6], failed: [1, 2, 3, 4, 5, 6, 7] }
  for (const state of ['waiting', 'failed'] as const) {
    const found: unknown[] = []
    let next: string | null = null
    do {
      const page: Page = (await list({ state, limit: '2', ...next !== null && { cursor: next } })).json()
      t.ok(page.mails.length === 2 || page.next_cursor === null, 'a page is full, or the last one')
      found.push(...page.mails.map(({ kind }) => kind))
      next = page.next_cursor
    } while (next !== null)
    t.same(found, order[state].map(number => `${state}${number}`))
  }
})

t.test('an invalid query is refused, and so is a cursor of the other list', async t => {
  const bad: Record<string, string>[] = [{ state: 'sent' }, { state: '' }, { limit: '0' }, { limit: '201' }, { cursor: 'AAAA' }, { kind: 'locked' }]
  for (const query of bad) t.match(await list(query), { statusCode: 422 }, JSON.stringify(query))
  const { next_cursor: cursor } = (await list({ state: 'waiting', limit: '1' })).json()
  t.match((await list({ state: 'failed', cursor })).json(), { code: 'invalid_request', errors: [{ path: '/cursor' }] })
})

t.test('only callers who may change roles see mails', async t => {
  for (const role of ['admin', 'accountant', 'user']) {
    const { access_token: token, user } = await signInAs(app, role)
    t.same(brief(await as(app, token, 'GET', '/admin/mails')), { status: 403, code: 'forbidden' }, role)
    t.match((await trail(app)).filter(({ actorId }) => actorId === user.id).at(-1), { reason: 'roles:write' })
  }
  t.match(brief(await app.inject('/api/v1/admin/mails')), { status: 401 })
})

t.test('while Postgres does not answer, the list says so and when to ask again', async t => {
  const impatient = await start(t, { ...deployment, DB_STATEMENT_TIMEOUT: '1s' }, { workers: false, clock: app.clock })
  await app.database.begin(async tx => {
    await tx`lock table jobs in access exclusive mode`
    const answer = await as(impatient, chief.access_token, 'GET', '/admin/mails')
    t.match(brief(answer), { status: 503, code: 'unavailable' })
    t.ok(answer.headers['retry-after'])
  })
})

t.test('a page costs the same among any number of mails, because it is read from the index', async t => {
  const sql = connect(t, (await makeDatabase(t)).directUrl)
  await sql`
    insert into jobs (queue, due_at, failed_at)
    select 'mail', now() + n * interval '1 second', case when n % 2 = 0 then now() - n * interval '1 second' end
    from generate_series(1, 20000) n`
  await sql`analyze jobs`

  for (const [index, time, order, comparison] of [['jobs_due', 'due_at', '', '>'], ['jobs_failed', 'failed_at', 'desc', '<']]) {
    const isFailed = time === 'failed_at' ? 'is not null' : 'is null'
    const plan = JSON.stringify(await sql.unsafe(`
      explain (format json) select id from jobs
      where queue = 'mail' and failed_at ${isFailed} and (${time}, id) ${comparison} (now(), 7)
      order by ${time} ${order}, id ${order} limit 51`))
    t.match(plan, new RegExp(`"Index Scan".*"${index}`))
    t.match(plan, /"Incremental Sort"/, 'only what failed or is due at one moment is sorted')
    t.notMatch(plan, /"Seq Scan"|"Sort",/)
  }
})

async function list (query: Record<string, string> = {}) {
  return await as(app, chief.access_token, 'GET', `/admin/mails?${new URLSearchParams(query)}`)
}
