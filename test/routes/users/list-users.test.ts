import { randomUUID } from 'node:crypto'
import t from 'tap'
import { brief, person, signed, vendor } from '../../support/accounts/people.ts'
import { cheapHasher } from '../../support/hashers.ts'
import { as, deploy, start } from '../../support/helper.ts'

interface Listed {
  id: string
  email: string
  full_name: string
  role: string
  status: string
  approval: string
  created_at: string
  last_login_at: string | null
}

const app = await start(t, await deploy(t), { workers: false, hasher: cheapHasher })
const admin = await signed(app, 'admin')
const [quill, inkwell] = [await vendor(app), await vendor(app)]
await populate()

t.test('for every order and filter the pages together are the list, each user once', async t => {
  for (const sort of ['created_at', '-created_at', 'email', '-email', 'last_login_at', '-last_login_at']) {
    for (const filter of ['', '&role=user', '&role=vendor&approval=pending', '&status=disabled', '&role=user&status=active&approval=not_required', '&approval=rejected', '&role=no_such_role', `&vendor_id=${quill}`, `&vendor_id=${inkwell}&role=user&status=active`, `&vendor_id=${randomUUID()}`]) {
      const whole = await expected(sort, filter)
      for (const limit of [1, 7, 50, 200].filter(limit => limit > 1 || whole.length < 20)) {
        t.strictSame((await walk(`?sort=${sort}${filter}&limit=${limit}`)).map(({ id }) => id), whole, `${sort} ${filter} by ${limit}`)
      }
    }
  }
})

t.test('users are listed by what they have beside the password, in every order, and with a search', async t => {
  const [plain, app1, key, both] = [await person(app), await person(app), await person(app), await person(app, 'accountant')]
  for (const { id } of [app1, both]) await app.database`insert into totp_secrets (id, user_id, secret, created_at, confirmed_at) values (gen_random_uuid(), ${id}, 'x', now(), now())`
  await app.database`insert into totp_secrets (id, user_id, secret, created_at) values (gen_random_uuid(), ${plain.id}, 'x', now())`
  for (const { id } of [key, both]) await app.database`insert into passkeys (id, user_id, credential_id, public_key, algorithm, sign_count, user_verified, backup_eligible, backed_up, transports, rp_id, name, created_at) values (gen_random_uuid(), ${id}, sha256(${id}::text::bytea), 'key', -7, 0, true, true, true, '{}', 'localhost', 'x', now())`
  const named = new Map([[plain.id, 'plain'], [app1.id, 'app'], [key.id, 'key'], [both.id, 'both']])
  const names = (users: { id: string }[]) => users.flatMap(({ id }) => named.get(id) ?? []).sort().join()

  for (const sort of ['created_at', '-created_at', 'email', '-last_login_at']) {
    for (const [factor, expected] of [['none', 'plain'], ['totp', 'app,both'], ['passkey', 'both,key']] as const) {
      const users = await walk(`?sort=${sort}&second_factor=${factor}&limit=50`)
      t.equal(names(users), expected, `${factor} by ${sort}`)
      t.equal(users.length, factor === 'none' ? (await walk(`?sort=${sort}&limit=200`)).length - 3 : 2)
    }
  }
  t.equal(names(await walk('?second_factor=passkey&role=accountant')), 'both')
  t.equal(names((await list(`?second_factor=totp&q=${both.email.slice(0, 20)}`)).json().users), 'both')
  t.equal(names((await list(`?second_factor=none&q=${both.email.slice(0, 20)}`)).json().users), '')
  const { next_cursor: cursor } = (await list('?second_factor=totp&limit=1')).json()
  t.match(brief(await list(`?second_factor=passkey&limit=1&cursor=${cursor}`)), { status: 422 })
  t.match(brief(await list('?second_factor=any')), { status: 422 })
  for (const { id } of [plain, app1, key, both]) await app.database`delete from users where id = ${id}`
})

t.test('users are listed by their ids: each once, in every order, and with every other filter', async t => {
  const everybody = await walk('?sort=created_at&limit=200')
  const some = everybody.filter((_, place) => place % 9 === 0)
  const ids = some.map(({ id }) => id).slice(0, 40)
  const query = `ids=${[randomUUID(), ...ids, ids[0]?.toUpperCase(), ...ids].join()}`

  for (const sort of ['created_at', '-email', 'last_login_at', '-last_login_at']) {
    for (const filter of ['', '&role=user', '&status=disabled&approval=not_required', `&vendor_id=${quill}`]) {
      const whole = (await expected(sort, filter)).filter(id => ids.includes(id))
      for (const limit of [3, 200]) {
        t.strictSame((await walk(`?sort=${sort}${filter}&limit=${limit}&${query}`)).map(({ id }) => id), whole, `${sort} ${filter} by ${limit}`)
      }
    }
  }
  const found = (q: string) => walk(`?limit=200&q=${q}&${query}`).then(users => users.map(({ id }) => id).sort())
  t.strictSame(await found('example.com'), some.slice(0, 40).filter(({ email }) => email.includes('example.com')).map(({ id }) => id).sort(), 'a search')
  t.strictSame(await found('quist'), [], 'finds nobody else')
  t.equal((await walk(`?second_factor=none&${query}`)).length, ids.length)
  t.strictSame((await walk(`?second_factor=totp&${query}`)), [])
  t.strictSame((await list(`?ids=${randomUUID()}`)).json(), { users: [], next_cursor: null }, 'an unknown id is no error')

  const hundred = Array.from({ length: 100 }, () => randomUUID())
  t.match(brief(await list(`?ids=${hundred.join()}`)), { status: 200 })
  t.match((await list(`?ids=${[...hundred, randomUUID()].join()}`)).json(), { status: 422, errors: [{ path: '/ids' }] })
})

t.test('a search and a factor are looked for among the users of one vendor', async t => {
  const [mine, other] = [await person(app), await person(app)]
  await app.database`update users set vendor_id = ${quill}, full_name = 'Xaver Quillon' where id = ${mine.id}`
  await app.database`update users set vendor_id = ${inkwell}, full_name = 'Xaver Quillon' where id = ${other.id}`
  for (const { id } of [mine, other]) await app.database`insert into totp_secrets (id, user_id, secret, created_at, confirmed_at) values (gen_random_uuid(), ${id}, 'x', now(), now())`

  for (const sort of ['created_at', 'email', '-last_login_at']) {
    for (const query of ['q=xaver', 'q=xa', 'q=xavre', 'second_factor=totp', 'q=quillon&second_factor=totp']) {
      t.strictSame((await walk(`?sort=${sort}&vendor_id=${quill}&${query}`)).map(({ id }) => id), [mine.id], `${query} by ${sort}`)
    }
  }
  await app.database`update users set vendor_id = ${inkwell} where id = ${mine.id}`
  t.strictSame(await walk(`?sort=last_login_at&vendor_id=${quill}&q=xaver`), [], 'the list follows who moves to another vendor')
  for (const { id } of [mine, other]) await app.database`delete from users where id = ${id}`
})

t.test('a page shows users in the usual shape, and no internals of the store', async t => {
  const answer = await list('?limit=3')
  t.strictSame(Object.keys(answer.json()).sort(), ['next_cursor', 'users'])
  t.strictSame(Object.keys(answer.json().users[0]), Object.keys((await as(app, admin.access_token, 'GET', '/auth/me')).json().user))
  t.notMatch(answer.body, /hash|epoch|version|canonical|wrapped|argon/)
  t.match((await as(app, admin.access_token, 'GET', `/users/${admin.id}`)).json(), { user: { id: admin.id, email: admin.email, role: 'admin' } })
  t.match(brief(await as(app, admin.access_token, 'GET', `/users/${randomUUID()}`)), { status: 404 })
})

t.test('users who come or go between two pages shift no other user', async t => {
  const first = (await list('?sort=created_at&limit=50')).json()
  const rest = await walk(`?sort=created_at&limit=50&cursor=${first.next_cursor}`)
  await app.database`delete from users where id = ${first.users[49].id}`
  const late = await person(app)
  const again = await walk(`?sort=created_at&limit=50&cursor=${first.next_cursor}`)
  t.strictSame(again.map(({ id }) => id), [...rest.map(({ id }) => id), late.id])
})

t.test('a cursor works for its own list only and cannot be forged', async t => {
  const { next_cursor: cursor } = (await list('?sort=email&limit=5&role=user')).json()
  t.notMatch(Buffer.from(cursor, 'base64url').toString('latin1'), /example|org|com/, 'it tells nothing')
  t.equal((await list(`?sort=email&limit=9&role=user&cursor=${cursor}`)).statusCode, 200, 'another length is the same list')

  const place = cursor.length >> 1
  const tampered = `${cursor.slice(0, place)}${cursor[place] === 'A' ? 'B' : 'A'}${cursor.slice(place + 1)}`
  for (const query of [
    `sort=email&role=user&cursor=${tampered}`, `sort=email&role=user&cursor=${cursor.slice(0, -4)}`, `sort=email&role=user&cursor=${cursor}AAAA`, 'sort=email&role=user&cursor=AAAA', 'cursor=MA',
    `sort=-email&role=user&cursor=${cursor}`, `sort=email&cursor=${cursor}`, `sort=email&role=admin&cursor=${cursor}`, `sort=email&role=user&q=ada&cursor=${cursor}`, `sort=email&role=user&status=active&cursor=${cursor}`, `sort=email&role=user&vendor_id=${quill}&cursor=${cursor}`, `sort=email&role=user&ids=${admin.id}&cursor=${cursor}`
  ]) t.match((await list(`?${query}`)).json(), { status: 422, errors: [{ path: '/cursor' }] }, query)

  const ofVendor = (await list(`?vendor_id=${quill}&limit=2`)).json().next_cursor
  t.equal((await list(`?vendor_id=${quill}&cursor=${ofVendor}`)).statusCode, 200)
  for (const query of [`vendor_id=${inkwell}`, '', `vendor_id=${quill}&ids=${admin.id}`]) t.match((await list(`?${query}&cursor=${ofVendor}`)).json(), { status: 422, errors: [{ path: '/cursor' }] }, query)
})

t.test('a search finds beginnings, substrings and near misses', async t => {
  for (const [q, ...found] of [
    ['q', 'Quentin Quist'], ['Q', 'Quentin Quist'], ['qu', 'Quentin Quist'], ['zy', 'Zygmunt Żak'],
    ['żak', 'Zygmunt Żak'], ['ŻAK', 'Zygmunt Żak'], ['entin', 'Quentin Quist'], ['quentin quist', 'Quentin Quist'], ['  quist ', 'Quentin Quist'], ['zygmunt@poczta', 'Zygmunt Żak'],
    ['quentim', 'Quentin Quist'], ['zigmunt', 'Zygmunt Żak'], ['wildcrad', '100% Wildcard_Person'], ['0% w', '100% Wildcard_Person'], ['d_p', '100% Wildcard_Person'], ["o'br", "Miles O'Brien"], ['back\\slash', 'Back\\Slash'],
    ['李', '李小明'], ['李小', '李小明'], ['李小明', '李小明'], ['小明'],
    ['xyzzyxx'], ['%%%'], ['___'], ['q%'], ['%'], ['_'], ["'; drop table users; --"], ['" or 1=1'], ['\\'], ['(((('], ['[a-z]'], ['.*'], ['d%p']
  ]) {
    for (const sort of ['-created_at', 'email', 'last_login_at']) {
      t.strictSame((await walk(`?limit=200&sort=${sort}&q=${encodeURIComponent(q ?? '')}`)).map(user => user.full_name), found, `${q} by ${sort}`)
    }
  }
  t.strictSame((await walk('?q=quist&status=disabled')).length, 0, 'a filter holds for what is found')
  t.strictSame((await walk('?q=quist&role=user&status=active')).length, 1)
})

t.test('a search is the same one in NFC and NFD', async t => {
  const { user } = (await as(app, admin.access_token, 'POST', '/users', { email: 'zoe@post.test', full_name: 'Zoe\u0308 Mu\u0308ller', role: 'user' })).json()
  t.equal(user.full_name, 'Zo\u00eb M\u00fcller')
  for (const q of ['zo\u00eb', 'zoe\u0308', 'm\u00fcller', 'mu\u0308ller']) {
    t.match((await list(`?q=${encodeURIComponent(q)}`)).json(), { users: [{ id: user.id }] }, encodeURIComponent(q))
  }
})

t.test('a search with many results goes on page by page, in order, each found once', async t => {
  for (const sort of ['created_at', '-email', '-last_login_at']) {
    const whole = (await expected(sort, '')).length
    const found = await walk(`?limit=20&sort=${sort}&q=example.com`)
    t.ok(found.length > 100 && found.length < whole)
    t.strictSame(found.map(({ id }) => id), (await expected(sort, '')).filter(id => found.some(user => user.id === id)), sort)
    t.equal(new Set(found.map(({ id }) => id)).size, found.length)
  }
  t.strictSame((await walk('?limit=3&q=example.com&role=vendor&approval=pending')).length, (await walk('?role=vendor&approval=pending')).filter(({ email }) => email.includes('example.com')).length)
})

t.test('a rare match in a long list is found by index, frequent ones page by page', async t => {
  await app.database`
    insert into users (email, email_canonical, full_name, role, status, created_at)
    select n || '@crowd.test', n || '@crowd.test', case when n % 500 = 1 then 'Rare Bird' else 'Common Sparrow' end, 'user', case when n % 100 = 1 then 'disabled' else 'active' end, '2020-01-01'::timestamptz + n * interval '1 minute'
    from generate_series(1, 9000) n`
  await app.database`analyze users`
  const rare = (await walk('?sort=created_at&limit=5&q=rare+bird')).map(({ email }) => Number.parseInt(email))
  t.strictSame(rare, Array.from({ length: 18 }, (_, place) => place * 500 + 1))
  t.strictSame((await walk('?sort=-created_at&limit=5&q=rare+bird')).map(({ email }) => Number.parseInt(email)), rare.toReversed())
  t.strictSame((await walk('?sort=-created_at&limit=100&q=rare+bird&status=disabled')).length, 18)
  t.strictSame((await walk('?sort=-created_at&limit=200&q=sparrow')).length, 9000 - 18, 'more than an index may gather')
  t.strictSame((await walk('?sort=email&limit=200&q=sparrow&status=disabled')).length, 72)
  t.ok((await walk('?sort=created_at&limit=50&q=rare+brid')).length > 0, 'with a slip in it')
  await app.database`delete from users where email_canonical like '%@crowd.test'`
})

t.test('an invalid query is refused', async t => {
  for (const query of [
    'limit=0', 'limit=201', 'limit=-1', 'limit=1e9', 'limit=NaN', 'limit=', 'limit=5.5', 'limit=05', 'limit=1&limit=2', 'limit[]=1', 'limit[a]=1', 'offset=5', 'page=2', 'sort=full_name', 'sort=password_hash', 'sort=created_at;drop', 'sort=', 'sort=email&sort=email',
    'status=deleted', 'status=active&status=disabled', 'approval=no', 'role=A', "role='", 'role=user&role=admin', 'q=', 'q=%20', `q=${'x'.repeat(101)}`, 'q=%00', 'q=a%0Ab', 'q=a&q=b', 'q[]=a', 'q[$ne]=a', 'vendor_id=', 'vendor_id=quill', 'vendor_id=null', `vendor_id=urn:uuid:${quill}`, `vendor_id=${quill}&vendor_id=${inkwell}`, 'ids=', 'ids=x', `ids=${quill},`, `ids=,${quill}`, `ids=${quill};${quill}`, `ids=${quill},x`, `ids=${quill}&ids=${quill}`, `ids[]=${quill}`, 'cursor=', 'cursor=*', `cursor=${'A'.repeat(2049)}`, '__proto__=1', 'constructor=1', 'unknown=1', 'Q=a'
  ]) t.match(brief(await list(`?${query}`)), { status: 422, code: 'invalid_request' }, query)
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
})

t.test('the last sign-in is stored separately, and the list follows it', async t => {
  const ada = await person(app)
  t.equal((await walk('?sort=last_login_at&limit=200')).filter(({ id }) => id === ada.id).length, 1, 'who has never signed in is in the list')
  t.equal((await walk('?sort=last_login_at&limit=200')).findLast(({ last_login_at: at }) => at === null) !== undefined, true)
  await signed(app)
  const [first] = (await list('?sort=-last_login_at&limit=1')).json().users
  t.ok(first.last_login_at)
  t.match(await app.database`select count(*)::int from (select id, role, status, approval, vendor_id, coalesce(last_login_at, '-infinity') from users except select * from (select user_id, role, status, approval, vendor_id, at from last_logins) l) d`, [{ count: 0 }])
  t.match(await app.database`select (select count(*) from users) - (select count(*) from last_logins) as difference`, [{ difference: 0 }])
})

function list (query: string) {
  return as(app, admin.access_token, 'GET', `/users${query}`)
}

/** All pages of a list, one after the other. */
async function walk (query: string): Promise<Listed[]> {
  const found: Listed[] = []
  let next = /cursor=/.test(query) ? '' : query
  for (let cursor: string | null = /cursor=([^&]+)/.exec(query)?.[1] ?? ''; cursor !== null;) {
    const answer = await list(cursor === '' ? next : `${query.replace(/&?cursor=[^&]+/, '')}&cursor=${cursor}`)
    if (answer.statusCode !== 200) throw new Error(answer.body)
    found.push(...answer.json().users)
    cursor = answer.json().next_cursor
    next = ''
  }
  return found
}

/** The ids of the whole list, as Postgres sorts it when it may read all of it. */
async function expected (sort: string, filter: string) {
  const value = (name: string) => new RegExp(`${name}=([a-z_0-9-]+)`).exec(filter)?.[1] ?? null
  const rows = await app.database<{ id: string }>`
    select id from users
    where (${value('role')}::text is null or role = ${value('role')})
      and (${value('status')}::text is null or status = ${value('status')})
      and (${value('approval')}::text is null or approval = ${value('approval')})
      and (${value('vendor_id')}::uuid is null or vendor_id = ${value('vendor_id')})
    order by case when ${sort.endsWith('created_at')} then created_at when ${sort.endsWith('login_at')} then coalesce(last_login_at, '-infinity') end,
             case when ${sort.endsWith('email')} then email_canonical end, id`
  const ids = rows.map(({ id }) => id)
  return sort.startsWith('-') ? ids.reverse() : ids
}

/** Several hundred people, many of them created in the same moment, and a few with names to search for. */
async function populate () {
  await app.database`
    insert into users (email, email_canonical, full_name, role, status, approval, vendor_id, created_at, last_login_at)
    select n || '@' || d.domain, n || '@' || d.domain, 'Somebody ' || n, d.role, d.status,
           case when d.role = 'vendor' then (array['pending', 'approved', 'rejected'])[1 + n % 3] else 'not_required' end,
           case when n % 7 = 0 then ${quill}::uuid when n % 6 = 0 then ${inkwell}::uuid end,
           '2026-01-01'::timestamptz + (n % 40) * interval '1.5 microseconds', case when n % 3 = 0 then '2026-02-01'::timestamptz + (n % 7) * interval '1 day' end
    from generate_series(1, 400) n
    cross join lateral (
      select case when n % 2 = 0 then 'example.com' else 'example.org' end as domain, case when n % 5 = 0 then 'vendor' else 'user' end as role, case when n % 11 = 0 then 'disabled' else 'active' end as status
    ) d`
  for (const [email, name] of [['quentin@post.test', 'Quentin Quist'], ['zygmunt@poczta.test', 'Zygmunt Żak'], ['wild@post.test', '100% Wildcard_Person'], ['miles@post.test', "Miles O'Brien"], ['back@post.test', 'Back\\Slash'], ['li@post.test', '李小明']]) {
    await app.database`insert into users (email, email_canonical, full_name, role) values (${email}, ${email}, ${name}, 'user')`
  }
}
