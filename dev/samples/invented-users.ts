import type postgres from 'postgres'
import { domains, firstNames, lastNames } from './seed-names.ts'

/**
 * Adds the users with the numbers `from` to `to`, out of `all`, with one statement. As in a real deployment some names
 * are common and most are not, most people have the role `user`, few wait for approval or are disabled, and a tenth has
 * never signed in. They have the same password, or none.
 */
export async function addUsers (
  sql: postgres.Sql,
  { from, to, all, passwordHash = null }: { from: number, to: number, all: number, passwordHash?: string | null }
) {
  await sql`
    insert into users (
      email, email_canonical, email_verified, password_hash, full_name, locale, role, status, approval,
      last_login_at, created_at, updated_at
    )
    select p.address, p.address, true, ${passwordHash}::text, p.first || ' ' || p.last, p.locale, p.role,
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
