import type { Place } from '../http/cursors.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'
import type { Fragment } from '../stores/statement.ts'
import type { User } from '../users/user-store.ts'

export interface Order { by: 'created_at' | 'email' | 'last_login_at', isDescending: boolean }

/** What users of a list have in common; null for whatever. */
export interface Filters { role: string | null, status: User['status'] | null, approval: User['approval'] | null }

/**
 * What is searched for: at the beginning, in any part, or anything like it. By `parts` an index finds it: of what is
 * like the text, one of them is right.
 */
export interface Search { how: 'beginning' | 'part' | 'likeness', text: string, parts: string[] }

/** Which part of which list is wanted. */
export interface Wanted { order: Order, filters: Filters, after: Place | null, limit: number }

/** A user as lists show one: nothing of the store's own, no hash. */
export type ListedUser = Omit<User, 'passwordHash' | 'deploymentEpoch' | 'wrappedKey' | 'sessionEpoch' | 'emailCanonical' | 'version' | 'vendorStatus'> & Place

/** What a look at a part of a list has found, and the place where it ended; null where the list did. */
export interface Look { found: ListedUser[], end: Place | null }

export type UserDirectoryStore = ReturnType<typeof createUserDirectoryStore>

/** Words that are at least this alike are found (pg_trgm): `smiht` is to `smith`, `smart` is not. */
const likeness = 0.5

/** Lists of users. No statement counts, skips or reads more than it is told to, whatever the number of users. */
export function createUserDirectoryStore (db: Database) {
  return { list, look, gather }

  /** The next users of a list. */
  async function list (wanted: Wanted): Promise<ListedUser[]> {
    return await db<ListedUser>`
      with page as (${placesOf(db, wanted)})
      select ${columns(db)}, p.key::text as key
      from page p
      join users u on u.id = p.id
      join roles r on r.name = u.role
      order by ${inOrder(db, wanted.order)}`
  }

  /** Searches a part of a list: the next so many (`within`) of its users, one after the other. */
  async function look (search: Search, wanted: Wanted, within: number): Promise<Look> {
    const isInUsers = wanted.order.by !== 'last_login_at'
    const rows = await db<Row>`
      with part as materialized (${placesOf(db, { ...wanted, limit: within }, { withText: isInUsers })}),
      last as (
        select key::text as last_key, id as last_id
        from part
        order by key ${direction(db, other(wanted.order))}, id ${direction(db, other(wanted.order))}
        limit 1
      ), found as (
        select u.id, u.key
        from ${isInUsers ? db.fragment`part u` : db.fragment`part p cross join lateral (select id, p.key, email_canonical, full_name from users where id = p.id offset 0) u`}
        where ${matches(db, search)}
        order by u.key ${direction(db, wanted.order)}, u.id ${direction(db, wanted.order)}
        limit ${wanted.limit}
      )
      select ${columns(db)}, f.key::text as key, l.last_key, l.last_id, (select count(*)::int from part) as seen
      from last l
      left join found f on true
      left join users u on u.id = f.id
      left join roles r on r.name = u.role
      order by f.key ${direction(db, wanted.order)}, f.id ${direction(db, wanted.order)}`
    const [first] = rows
    const end = first && first.seen === within ? { key: first.lastKey, id: first.lastId } : null
    return { found: foundIn(rows), end }
  }

  /**
   * Searches all users by index and puts what it finds in order; null where the index knows of more than `most`,
   * whatever the filters leave of them.
   */
  async function gather (search: Search, wanted: Wanted, most: number): Promise<ListedUser[] | null> {
    const { order, filters: { role, status, approval }, after, limit } = wanted

    return await byIndex(db, async tx => {
      const rows = await tx<Row>`
        with candidates as materialized (
          select u.id, u.role, u.status, u.approval, u.created_at, u.email_canonical, u.full_name
          from users u
          where ${suggests(tx, search)}
          limit ${most + 1}
        ), counted as (
          select count(*)::int as seen
          from candidates
        ), found as (
          select u.id, ${keyOf(tx, order)} as key
          from candidates u
          ${order.by === 'last_login_at' ? tx.fragment`join last_logins l on l.user_id = u.id` : tx.fragment``}
          where (select seen from counted) <= ${most}
            and ${search.how === 'likeness' ? matches(tx, search) : tx.fragment`true`}
            and (${role}::text is null or u.role = ${role})
            and (${status}::text is null or u.status = ${status})
            and (${approval}::text is null or u.approval = ${approval})
            and ${after ? isAfter(tx, order, after) : tx.fragment`true`}
          order by 2 ${direction(tx, order)}, 1 ${direction(tx, order)}
          limit ${limit}
        )
        select ${columns(tx)}, f.key::text as key, s.seen
        from counted s
        left join found f on true
        left join users u on u.id = f.id
        left join roles r on r.name = u.role
        order by f.key ${direction(tx, order)}, f.id ${direction(tx, order)}`
      return (rows[0]?.seen ?? 0) > most ? null : foundIn(rows)
    })
  }
}

type Row = ListedUser & { lastKey: string, lastId: string, seen: number }

// The counts come along with a row of nulls where nothing is found.
function foundIn (rows: Row[]): ListedUser[] {
  return rows.filter(({ id }) => id !== null).map(({ lastKey, lastId, seen, ...user }) => user)
}

/** By index: of how rare a part of a text is the planner knows next to nothing, and it hopes for the table's beginning. */
async function byIndex<T> (db: Database, work: (tx: Transaction) => Promise<T>): Promise<T> {
  return await db.begin(async tx => {
    await tx`select set_config('enable_seqscan', 'off', true)`
    return await work(tx)
  })
}

/** The next places of a list; with the text that is searched, where users themselves are in that order. */
function placesOf (query: Query, { order, filters, after, limit }: Wanted, { withText = false } = {}): Fragment {
  const { fragment } = query
  const isFiltered = Object.values(filters).some(value => value !== null)
  const { source, id } = sourceOf(query, order)
  const text = withText ? fragment`, u.email_canonical, u.full_name` : fragment``
  const rest = fragment`
      ${after ? isAfter(query, order, after) : fragment`true`}
      order by ${keyOf(query, order)} ${direction(query, order)}, ${id} ${direction(query, order)}
      limit ${limit}`

  if (!isFiltered) return fragment`select ${id} as id, ${keyOf(query, order)} as key ${text} from ${source} where ${rest}`

  // Each combination has its rows in order, so no more than `limit` of it are read.
  return fragment`
      select p.*
      from (
        select r.name as role, s.status, a.approval
        from roles r
        cross join unnest(array['active', 'disabled']) as s (status)
        cross join unnest(array['not_required', 'pending', 'approved', 'rejected']) as a (approval)
        where (${filters.role}::text is null or r.name = ${filters.role})
          and (${filters.status}::text is null or s.status = ${filters.status})
          and (${filters.approval}::text is null or a.approval = ${filters.approval})
      ) c
      cross join lateral (
        select ${id} as id, ${keyOf(query, order)} as key ${text}
        from ${source}
        where role = c.role and status = c.status and approval = c.approval and ${rest}
      ) p
      order by ${inOrder(query, order)}
      limit ${limit}`
}

function sourceOf ({ fragment }: Query, { by }: Order) {
  return by === 'last_login_at' ? { source: fragment`last_logins l`, id: fragment`l.user_id` } : { source: fragment`users u`, id: fragment`u.id` }
}

function keyOf ({ fragment }: Query, { by }: Order): Fragment {
  switch (by) {
    case 'created_at': return fragment`u.created_at`
    case 'email': return fragment`u.email_canonical`
    case 'last_login_at': return fragment`l.at`
  }
}

function isAfter (query: Query, order: Order, { key, id }: Place): Fragment {
  const { fragment } = query
  const place = order.by === 'email' ? fragment`(${key}::text, ${id}::uuid)` : fragment`(${key}::timestamptz, ${id}::uuid)`
  const row = fragment`(${keyOf(query, order)}, ${sourceOf(query, order).id})`
  return order.isDescending ? fragment`${row} < ${place}` : fragment`${row} > ${place}`
}

/** The order of places. */
function inOrder (query: Query, order: Order): Fragment {
  return query.fragment`p.key ${direction(query, order)}, p.id ${direction(query, order)}`
}

function direction ({ fragment }: Query, { isDescending }: Order): Fragment {
  return isDescending ? fragment`desc` : fragment`asc`
}

function other (order: Order): Order {
  return { ...order, isDescending: !order.isDescending }
}

function matches ({ fragment }: Query, { how, text }: Search): Fragment {
  switch (how) {
    // As ranges: of a pattern that is a parameter the planner does not know that it has a beginning.
    case 'beginning': return fragment`(
            (u.email_canonical ~>=~ lower(${text}::text) and u.email_canonical ~<~ (lower(${text}::text) || chr(1114111)))
            or (lower(u.full_name) ~>=~ lower(${text}::text) and lower(u.full_name) ~<~ (lower(${text}::text) || chr(1114111))))`
    case 'part': return fragment`(u.email_canonical || ' ' || lower(u.full_name)) like '%' || lower(${literal(text)}::text) || '%'`
    case 'likeness': return fragment`word_similarity(lower(${text}::text), u.email_canonical || ' ' || lower(u.full_name)) >= ${likeness}`
  }
}

/** What an index knows of those that match. */
function suggests (query: Query, search: Search): Fragment {
  const { fragment } = query
  const { how, parts: [first = '', second = first] } = search
  if (how !== 'likeness') return matches(query, search)
  const has = (part: string) => fragment`(u.email_canonical || ' ' || lower(u.full_name)) like '%' || lower(${literal(part)}::text) || '%'`
  return fragment`(${has(first)} or ${has(second)})`
}

/** A text of which no character has a meaning in a pattern. */
function literal (text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

function columns ({ fragment }: Query): Fragment {
  return fragment`
        u.id, u.email, u.email_verified, u.full_name, u.locale, u.role, r.user_type, u.vendor_id, u.status, u.approval,
        u.must_change_password, u.last_login_at, u.created_at, u.updated_at`
}
