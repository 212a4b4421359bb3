// npm run seed: fills the database of the running `npm run dev`, or that of DATABASE_DIRECT_URL, with invented people.
//   --users=N   how many are added (1000000)
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { createProgressBar } from '../commands/progress-bar.ts'
import { readEnvironment } from '../lib/config/config.ts'
import { domains, firstNames, lastNames } from './seed-names.ts'

const { values } = parseArgs({ options: { users: { type: 'string', default: '1000000' } } })
const total = Number(values.users)
const batchRows = 20_000

const env = readEnvironment(process.cwd(), { NODE_ENV: 'development', ...process.env })
const url = env['DATABASE_DIRECT_URL'] ?? env['DATABASE_URL']
if (env['NODE_ENV'] === 'production') fail('Nobody wants invented people in production.')
if (url === undefined) fail('Start `npm run dev` first, or set DATABASE_DIRECT_URL.')
if (!Number.isSafeInteger(total) || total < 1) fail('--users takes a number.')

const sql = postgres(url, { max: 1, onnotice () {} })
const bar = createProgressBar(process.stderr, total)
try {
  const [first] = await sql<{ number: number }[]>`select count(*)::int as number from users`
  const offset = first?.number ?? 0
  for (let done = 0; done < total; done += batchRows) {
    bar.show(done, `${done} of ${total} users`)
    await addUsers({ from: offset + done + 1, to: offset + Math.min(done + batchRows, total), all: offset + total })
  }
  bar.show(total, 'looking at what there is now (vacuum, analyze)')
  await sql`vacuum analyze users, last_logins`
  bar.clear()
  console.log(`${total} users were added. None of them has a password: who wants to sign in as one takes a password reset.`)
} finally {
  bar.clear()
  await sql.end({ timeout: 1 })
}

/**
 * Adds the users with the numbers `from` to `to`, out of `all`, with one statement. As in a real deployment some names
 * are common and most are not, most people have the role `user`, few wait for approval or are disabled, and a tenth has
 * never signed in.
 */
async function addUsers ({ from, to, all }: { from: number, to: number, all: number }) {
  await sql`
    insert into users (
      email, email_canonical, email_verified, full_name, locale, role, status, approval,
      last_login_at, created_at, updated_at
    )
    select p.address, p.address, true, p.first || ' ' || p.last, p.locale, p.role,
           case when p.dice[1] < 0.02 then 'disabled' else 'active' end,
           case
             when p.role <> 'vendor' then 'not_required'
             when p.dice[2] < 0.02 then 'pending'
             when p.dice[2] < 0.03 then 'rejected'
             else 'approved'
           end,
           case when p.dice[3] > 0.1 then p.created_at + (now() - p.created_at) * p.dice[3] end,
           p.created_at, p.created_at
    from (
      select n.first, n.last, n.dice,
             regexp_replace(normalize(lower(n.first || '.' || n.last), NFD), '[^a-z0-9.-]', '', 'g')
               || n.number || '@' || n.domain as address,
             (array['en', 'de', 'fr', 'es', 'pl'])[ceil(n.dice[4] * 5)::int] as locale,
             case
               when n.dice[5] < 0.0001 then 'admin'
               when n.dice[5] < 0.0005 then 'accountant'
               when n.dice[5] < 0.05 then 'vendor'
               else 'user'
             end as role,
             now() - interval '4 years' * (1 - n.number::float8 / ${all})
               - interval '1 day' * n.dice[6] as created_at
      from (
        select number,
               (${firstNames}::text[])[ceil(random() ^ 2 * ${firstNames.length})::int] as first,
               (${lastNames}::text[])[ceil(random() ^ 2 * ${lastNames.length})::int] as last,
               (${domains}::text[])[ceil(random() ^ 3 * ${domains.length})::int] as domain,
               array[random(), random(), random(), 1 - random(), random(), random()] as dice
        from generate_series(${from}::int, ${to}::int) as number
      ) n
    ) p
    where p.address is not null
    on conflict (email_canonical) do nothing`
}

function fail (why: string): never {
  console.error(why)
  process.exit(1)
}
