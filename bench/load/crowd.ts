import type postgres from 'postgres'
import { addUsers } from '../../dev/samples/invented-users.ts'

export interface CrowdSize { users: number, sessions: number }

/** Rows that one statement writes. */
const usersPerBatch = 20_000
const sessionsPerBatch = 500_000

/**
 * Fills a database as it looks after a month: people with two devices each and a key of the trail, and sessions in the
 * order in which people signed in, of which seven in ten live and the others have ended. Adds what is missing.
 *
 * @param sql one connection of a superuser, because references are not checked meanwhile
 * @param passwordHash the hash of the password that all of them have
 */
export async function fill (
  sql: postgres.Sql,
  { users, sessions }: CrowdSize,
  { passwordHash, tell }: { passwordHash: string, tell: (line: string) => void }
): Promise<void> {
  const present = await countOf(sql)
  for (let done = present.users; done < users; done += usersPerBatch) {
    const to = Math.min(done + usersPerBatch, users)
    await addUsers(sql, { from: done + 1, to, all: users, passwordHash })
    if (done % (usersPerBatch * 10) < usersPerBatch) tell(`${to} users`)
  }
  await sql`set session_replication_role = replica`
  tell('their devices and keys')
  await addDevices(sql)
  await addKeys(sql)
  await numberUsers(sql)
  await withoutIndexes(sql, 'sessions', async () => {
    for (let done = present.sessions; done < sessions; done += sessionsPerBatch) {
      const to = Math.min(done + sessionsPerBatch, sessions)
      await addSessions(sql, { from: done + 1, to, all: sessions })
      tell(`${to} sessions`)
    }
    tell('indexes of the sessions')
  })
  await sql`set session_replication_role = origin`
  tell('vacuum, analyze')
  await sql`drop table numbered_users`
  await sql`vacuum analyze users, last_logins, known_devices, subject_keys, sessions`
}

/** Reads tables and indexes into shared_buffers, as in a deployment that has run for a while. */
export async function warm (sql: postgres.Sql): Promise<void> {
  await sql`create extension if not exists pg_prewarm`
  await sql`
    select sum(pg_prewarm(oid))
    from pg_class
    where relnamespace = 'public'::regnamespace
      and relkind in ('r', 'i')`
}

/** Indexes that are made at the end cost a third of those that grow row by row. The primary key stays. */
async function withoutIndexes (sql: postgres.Sql, table: string, work: () => Promise<void>) {
  const indexes = await sql<{ name: string, definition: string }[]>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index
    where indrelid = ${table}::regclass and not indisunique`
  for (const { name } of indexes) await sql.unsafe(`drop index ${name}`)
  await work()
  await sql`set maintenance_work_mem = '512MB'`
  for (const { definition } of indexes) await sql.unsafe(definition)
}

async function countOf (sql: postgres.Sql): Promise<CrowdSize> {
  const [row] = await sql<CrowdSize[]>`
    select (select count(*)::int from users) as users, (select count(*)::int from sessions) as sessions`
  return row ?? { users: 0, sessions: 0 }
}

async function addDevices (sql: postgres.Sql) {
  await sql`
    insert into known_devices (user_id, device_id, created_at, last_used_at)
    select u.id, gen_random_uuid(), u.created_at, now() - random() * interval '30 days'
    from users u
    cross join generate_series(1, 2)
    where not exists (select from known_devices d where d.user_id = u.id)`
}

// They are as long as real keys and decrypt nothing. A node makes the keys of the people who sign in.
async function addKeys (sql: postgres.Sql) {
  await sql`
    insert into subject_keys (subject_id, wrapped_key)
    select id, decode(repeat(md5(id::text), 4), 'hex')
    from users
    on conflict do nothing`
}

/** Removes the keys of members that no node has made, and returns the ids of those that have none now. */
export async function removeInventedKeys (sql: postgres.Sql, members: Member[]): Promise<string[]> {
  const removed = await sql<{ id: string }[]>`
    delete from subject_keys
    where subject_id = any(${members.map(({ id }) => id)})
      and wrapped_key = decode(repeat(md5(subject_id::text), 4), 'hex')
    returning subject_id as id`
  return removed.map(({ id }) => id)
}

async function numberUsers (sql: postgres.Sql) {
  await sql`
    create unlogged table numbered_users as
    select row_number() over () as number, id
    from users`
  await sql`create index on numbered_users (number)`
  await sql`vacuum analyze numbered_users`
}

async function addSessions (sql: postgres.Sql, { from, to, all }: { from: number, to: number, all: number }) {
  await sql`
    insert into sessions (
      id, user_id, transport, device_id, device_name,
      user_agent, ip,
      amr, auth_time, user_epoch, global_epoch,
      created_at, last_seen_at, expires_at,
      ended_at, ended_reason
    )
    select gen_random_uuid(), u.id, case when n.dice < 0.5 then 'bearer' else 'cookie' end, gen_random_uuid(), 'my phone',
           'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '192.0.2.1',
           '{pwd}', n.opened, 0, 0,
           n.opened, now() - (now() - n.opened) * 0.2 * random(), n.opened + interval '30 days',
           case when n.is_ended then now() - (now() - n.opened) * 0.2 * random() end,
           case when n.is_ended then 'signed_out' end
    from (
      select 1 + floor(random() * (select count(*) from numbered_users))::bigint as user_number,
             random() as dice,
             random() < 0.3 as is_ended,
             now() - interval '29 days' * (1 - number::float8 / ${all}) as opened
      from generate_series(${from}::int, ${to}::int) as number
    ) n
    join numbered_users u on u.number = n.user_number
    order by n.opened`
}

/** People, each with a device that they have signed in on and a living session for clients without cookies. */
export interface Member { id: string, email: string, deviceId: string, sessionId: string }

/** Members at random. */
export async function pickMembers (sql: postgres.Sql, count: number): Promise<Member[]> {
  return await sql<Member[]>`
    with chosen as materialized (
      select s.id, s.user_id
      from (select gen_random_uuid() as beginning from generate_series(1, ${count * 4}::int)) r
      cross join lateral (
        select id, user_id
        from sessions
        where id >= r.beginning
          and ended_at is null
          and transport = 'bearer'
          and expires_at > now() + interval '2 hours'
        order by id
        limit 1
      ) s
    )
    select distinct on (u.id) u.id, u.email, d.device_id as "deviceId", c.id as "sessionId"
    from chosen c
    join users u on u.id = c.user_id and u.status = 'active' and u.approval in ('not_required', 'approved')
      and u.role in ('user', 'vendor')
    join known_devices d on d.user_id = u.id
    limit ${count}`
}

/** Sessions that are due for a clean-up. */
export async function addOverdue (sql: postgres.Sql, count: number) {
  await sql`
    insert into sessions (
      id, user_id, transport, device_id, device_name, user_agent, ip,
      amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, expires_at
    )
    select gen_random_uuid(), user_id, transport, gen_random_uuid(), device_name, user_agent, ip,
           amr, auth_time, user_epoch, global_epoch, created_at, last_seen_at, now() - interval '2 days'
    from sessions
    limit ${count}`
}

/** The bytes of tables and of their indexes, and how many rows there are. */
export async function readSizes (sql: postgres.Sql) {
  return await sql<{ name: string, rows: number, table: number, indexes: number }[]>`
    select relname as name, reltuples::float8 as rows, pg_table_size(oid)::float8 as table, pg_indexes_size(oid)::float8 as indexes
    from pg_class
    where relnamespace = 'public'::regnamespace
      and relname in ('users', 'last_logins', 'known_devices', 'subject_keys', 'sessions')
    order by relname`
}
