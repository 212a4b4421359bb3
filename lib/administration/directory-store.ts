import type { Position } from '../http/cursors.ts'
import type { Database, Query } from '../stores/database.ts'
import type { Fragment } from '../stores/statement.ts'
import type { FactorDemand } from '../users/factor-policy.ts'
import type { User } from '../users/user-store.ts'

export interface Order { by: 'created_at' | 'email' | 'last_login_at', isDescending: boolean }

/** The values that all users of a list have; null means no restriction. */
export interface Filters {
  role: string | null
  status: User['status'] | null
  approval: User['approval'] | null
  vendorId: string | null
  /** Only users with one of these ids. Each costs a read, so there are few of them. */
  ids: string[] | null
}

/** What a user has beside the password: neither an app nor a passkey; an app; a passkey or security key. */
export type FactorFilter = 'none' | 'totp' | 'passkey'

/** A text to be searched for in addresses and names. */
export interface Search {
  /** They begin with the text, contain it, or are similar to it. */
  how: 'beginning' | 'part' | 'likeness'
  text: string
  /** Parts of the text for the index: what is similar to the text contains one of them unchanged. */
  parts: string[]
}

/** A part of a list: at most `limit` users after a position. */
export interface ListPart {
  order: Order
  filters: Filters
  after: Position | null
  limit: number
  /** Only users with or without a factor. No index knows them, so `list` does not take it; null means any. */
  factor?: FactorFilter | null
}

type InternalColumn =
  | 'passwordHash'
  | 'deploymentEpoch'
  | 'wrappedKey'
  | 'sessionEpoch'
  | 'emailCanonical'
  | 'version'
  | 'vendorStatus'
  | keyof FactorDemand

/** A user as lists show one, with their position in the list. */
export type ListedUser = Omit<User, InternalColumn> & Position

/** The users that a scan has found, and the position where it stopped; null where the list ended. */
export interface ScanResult { found: ListedUser[], end: Position | null }

export type UserDirectoryStore = ReturnType<typeof createUserDirectoryStore>

/** Words of at least this similarity are found (pg_trgm, from 0 to 1): `smiht` has it to `smith`, `smart` does not. */
const similarityMin = 0.5

/**
 * Lists of users. No statement counts or skips rows, or reads more than its limits, whatever the number of users; only
 * what the trigram index looks through for `searchIndex` grows with it (docs/performance.md).
 */
export function createUserDirectoryStore (db: Database) {
  return { list, scan, searchIndex }

  /** The next users of a list. */
  async function list (part: ListPart): Promise<ListedUser[]> {
    return await db<ListedUser>`
      with page as (${positionsOf(db, part)})
      select u.*, p.key::text as key
      from page p
      cross join lateral (${userById(db, db.fragment`p.id`)}) u
      order by ${inOrder(db, part.order)}`
  }

  /** Searches the next `scanRows` users of a list, one after the other. Without a search the factor alone counts. */
  async function scan (search: Search | null, wanted: ListPart, scanRows: number): Promise<ScanResult> {
    const isInUsers = wanted.order.by !== 'last_login_at'
    const source = search && !isInUsers ? partWithText(db) : db.fragment`part u`
    const withText = search !== null && isInUsers
    const rows = await db<Row>`
      with part as materialized (${positionsOf(db, { ...wanted, limit: scanRows }, { withText })}),
      last as (
        select key::text as last_key, id as last_id
        from part
        order by key ${direction(db, reversed(wanted.order))}, id ${direction(db, reversed(wanted.order))}
        limit 1
      ), found as (
        select u.id, u.key
        from ${source}
        where ${search ? matches(db, search) : db.fragment`true`}
          and ${hasFactor(db, wanted)}
        order by u.key ${direction(db, wanted.order)}, u.id ${direction(db, wanted.order)}
        limit ${wanted.limit}
      )
      select u.*, f.key::text as key, l.last_key, l.last_id, (select count(*)::int from part) as seen
      from last l
      left join found f on true
      left join lateral (${userById(db, db.fragment`f.id`)}) u on true
      order by f.key ${direction(db, wanted.order)}, f.id ${direction(db, wanted.order)}`
    const [first] = rows
    const end = first && first.seen === scanRows ? { key: first.lastKey, id: first.lastId } : null
    return { found: foundIn(rows), end }
  }

  /**
   * Searches all users by the trigram index and sorts what it finds; null if the index has more than `candidatesMax`
   * candidates, before filters.
   */
  async function searchIndex (search: Search, wanted: ListPart, candidatesMax: number): Promise<ListedUser[] | null> {
    const { order, filters, after, limit } = wanted
    const isLogins = order.by === 'last_login_at'

    const rows = await db<Row>`
      with candidates as materialized (
        select u.id, u.role, u.status, u.approval, u.vendor_id, u.created_at, u.email_canonical, u.full_name
        from users u
        where ${isCandidate(db, search)}
      ), first as materialized (
        select *
        from candidates
        limit ${candidatesMax + 1}
      ), counted as (
        select count(*)::int as seen
        from first
      ), found as (
        select u.id, ${keyOf(db, order)} as key
        from first u
        ${isLogins ? db.fragment`join last_logins l on l.user_id = u.id` : db.fragment``}
        where (select seen from counted) <= ${candidatesMax}
          and ${search.how === 'likeness' ? matches(db, search) : db.fragment`true`}
          and (${filters.ids}::uuid[] is null or u.id = any(${filters.ids}::uuid[]))
          and ${hasValues(db, filters)}
          and ${hasFactor(db, wanted)}
          and ${after ? isAfter(db, order, after) : db.fragment`true`}
        order by 2 ${direction(db, order)}, 1 ${direction(db, order)}
        limit ${limit}
      )
      select u.*, f.key::text as key, s.seen
      from counted s
      left join found f on true
      left join lateral (${userById(db, db.fragment`f.id`)}) u on true
      order by f.key ${direction(db, order)}, f.id ${direction(db, order)}`
    return (rows[0]?.seen ?? 0) > candidatesMax ? null : foundIn(rows)
  }
}

type Row = ListedUser & { lastKey: string, lastId: string, seen: number }

// If nothing is found, the counts come in a row whose other columns are null.
function foundIn (rows: Row[]): ListedUser[] {
  return rows.filter(({ id }) => id !== null).map(({ lastKey, lastId, seen, ...user }) => user)
}

// In the subqueries that read by an id, `offset 0` keeps the planner from merging them into the query. Merged, they
// become joins that read whole tables: a limit that is a parameter counts as a tenth of all rows.

/** The user with an id, as lists show one. */
function userById ({ fragment }: Query, id: Fragment): Fragment {
  return fragment`
        select u.id, u.email, u.email_verified, u.full_name, u.locale, u.role, r.user_type, u.vendor_id, u.status,
               u.approval, u.must_change_password, u.last_login_at, u.created_at, u.updated_at
        from users u
        join roles r on r.name = u.role
        where u.id = ${id}
        offset 0`
}

/** The users with some ids, in place of all users. */
function withIds ({ fragment }: Query, { by }: Order, ids: string[]): Fragment {
  const lastLogin = fragment`
      cross join lateral (
        select user_id, at
        from last_logins
        where user_id = u.id
        offset 0
      ) l`
  return fragment`unnest(${ids}::uuid[]) as wanted (id)
      cross join lateral (
        select id, role, status, approval, vendor_id, created_at, email_canonical, full_name
        from users
        where id = wanted.id
        offset 0
      ) u
      ${by === 'last_login_at' ? lastLogin : fragment``}`
}

function partWithText ({ fragment }: Query): Fragment {
  return fragment`
          part p
          cross join lateral (
            select id, p.key, email_canonical, full_name
            from users
            where id = p.id
            offset 0
          ) u`
}

/**
 * The next positions of a list. `withText` adds the columns that are searched, which needs an order by a column of
 * users.
 */
function positionsOf (
  query: Query, { order, filters, after, limit }: ListPart, { withText = false } = {}
): Fragment {
  const { fragment } = query
  const { role, status, approval, vendorId, ids } = filters
  const { source, id } = sourceOf(query, order)
  const key = keyOf(query, order)
  const text = withText ? fragment`, u.email_canonical, u.full_name` : fragment``
  const rest = fragment`
      ${after ? isAfter(query, order, after) : fragment`true`}
      order by ${key} ${direction(query, order)}, ${id} ${direction(query, order)}
      limit ${limit}`

  if (ids !== null) {
    return fragment`
      select ${id} as id, ${key} as key ${text}
      from ${withIds(query, order, ids)}
      where ${hasValues(query, filters)} and ${rest}`
  }

  if ([role, status, approval, vendorId].every(value => value === null)) {
    return fragment`
      select q.*
      from (select ${id} as id, ${key} as key ${text} from ${source} where ${rest}) q
      ${knownLimit(query, limit)}`
  }

  // An index has the rows of each combination in order, so at most `limit` rows of each are read.
  return fragment`
      select p.*
      from (
        select r.name as role, s.status, a.approval
        from roles r
        cross join unnest(array['active', 'disabled']) as s (status)
        cross join unnest(array['not_required', 'pending', 'approved', 'rejected']) as a (approval)
        where (${role}::text is null or r.name = ${role})
          and (${status}::text is null or s.status = ${status})
          and (${approval}::text is null or a.approval = ${approval})
      ) c
      cross join lateral (
        select q.*
        from (
          select ${id} as id, ${key} as key ${text}
          from ${source}
          where ${vendorId === null ? fragment`true` : fragment`vendor_id = ${vendorId}`}
            and role = c.role and status = c.status and approval = c.approval and ${rest}
        ) q
        ${knownLimit(query, limit)}
      ) p
      order by ${inOrder(query, order)}
      limit ${limit}`
}

/**
 * The same limit once more around the rows, as part of the text. For a limit that is a parameter the planner expects a
 * tenth of the table: with many users the plan for all values then seems dearer than one for these, so that each call
 * is planned anew. The known limits are the default and the longest page, each with the user after it.
 */
function knownLimit ({ fragment }: Query, limit: number): Fragment {
  switch (limit) {
    case 51: return fragment`limit 51`
    case 101: return fragment`limit 101`
    default: return fragment``
  }
}

function sourceOf ({ fragment }: Query, { by }: Order) {
  return by === 'last_login_at'
    ? { source: fragment`last_logins l`, id: fragment`l.user_id` }
    : { source: fragment`users u`, id: fragment`u.id` }
}

function keyOf ({ fragment }: Query, { by }: Order): Fragment {
  switch (by) {
    case 'created_at': return fragment`u.created_at`
    case 'email': return fragment`u.email_canonical`
    case 'last_login_at': return fragment`l.at`
  }
}

function isAfter (query: Query, order: Order, { key, id }: Position): Fragment {
  const { fragment } = query
  const position = order.by === 'email'
    ? fragment`(${key}::text, ${id}::uuid)`
    : fragment`(${key}::timestamptz, ${id}::uuid)`
  const row = fragment`(${keyOf(query, order)}, ${sourceOf(query, order).id})`
  return order.isDescending ? fragment`${row} < ${position}` : fragment`${row} > ${position}`
}

/** The order of positions, which are selected as `p`. */
function inOrder (query: Query, order: Order): Fragment {
  return query.fragment`p.key ${direction(query, order)}, p.id ${direction(query, order)}`
}

function direction ({ fragment }: Query, { isDescending }: Order): Fragment {
  return isDescending ? fragment`desc` : fragment`asc`
}

function reversed (order: Order): Order {
  return { ...order, isDescending: !order.isDescending }
}

function matches (query: Query, { how, text }: Search): Fragment {
  const { fragment } = query
  switch (how) {
    // These are ranges, because the planner cannot use an index for the beginning of a pattern that is a parameter.
    case 'beginning': return fragment`(
            (u.email_canonical ~>=~ lower(${text}::text) and u.email_canonical ~<~ (lower(${text}::text) || chr(1114111)))
            or (lower(u.full_name) ~>=~ lower(${text}::text) and lower(u.full_name) ~<~ (lower(${text}::text) || chr(1114111))))`
    case 'part': return contains(query, text)
    case 'likeness': return fragment`
            word_similarity(lower(${text}::text), u.email_canonical || ' ' || lower(u.full_name)) >= ${similarityMin}`
  }
}

/** Whether a user, who is selected as `u`, has the values of a list. */
function hasValues ({ fragment }: Query, { role, status, approval, vendorId }: Filters): Fragment {
  return fragment`(${role}::text is null or u.role = ${role})
          and (${status}::text is null or u.status = ${status})
          and (${approval}::text is null or u.approval = ${approval})
          and (${vendorId}::uuid is null or u.vendor_id = ${vendorId})`
}

/** Whether a user has, or has not, what the list is about. Each user costs one or two reads by an index. */
function hasFactor ({ fragment }: Query, { factor = null }: ListPart): Fragment {
  const passkey = fragment`exists (select from passkeys f where f.user_id = u.id offset 0)`
  const totp = fragment`exists (
            select from totp_secrets f where f.user_id = u.id and f.confirmed_at is not null offset 0
          )`
  switch (factor) {
    case null: return fragment`true`
    case 'passkey': return passkey
    case 'totp': return totp
    case 'none': return fragment`not ${passkey} and not ${totp}`
  }
}

/** The condition that the trigram index can answer: all matches fulfil it, and some others. */
function isCandidate (query: Query, search: Search): Fragment {
  const { fragment } = query
  const { how, parts: [first = '', second = first] } = search
  if (how !== 'likeness') return matches(query, search)
  return fragment`(${contains(query, first)} or ${contains(query, second)})`
}

function contains ({ fragment }: Query, part: string): Fragment {
  return fragment`(u.email_canonical || ' ' || lower(u.full_name)) like '%' || lower(${literal(part)}::text) || '%'`
}

/** Escapes the characters that have a meaning in a pattern of `like`. */
function literal (text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
