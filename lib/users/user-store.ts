import type { EmailAddress } from './email-address.ts'
import type { FactorDemand } from './factor-policy.ts'
import { Refusal, unavailable } from '../errors.ts'
import type { FieldError } from '../errors.ts'
import type { Database, Query, Transaction } from '../stores/database.ts'

/** An account as it is stored, with what belongs to it. */
export interface User extends FactorDemand {
  id: string
  email: string
  emailCanonical: string
  emailVerified: boolean
  passwordHash: string | null
  fullName: string
  locale: string
  role: string
  userType: string
  vendorId: string | null
  vendorStatus: 'active' | 'suspended' | null
  status: 'active' | 'disabled'
  approval: 'not_required' | 'pending' | 'approved' | 'rejected'
  mustChangePassword: boolean
  /** Whether the password alone opens no session. */
  twoStep: boolean
  version: number
  sessionEpoch: number
  lastLoginAt: Date | null
  createdAt: Date
  updatedAt: Date
  /** The global epoch at the time of reading. */
  deploymentEpoch: number
  /** The wrapped key of this user's personal data in the audit trail; null if there is none. */
  wrappedKey: Buffer | null
}

/** An account with the epochs under which it was read. They differ later if its sessions or its password changed. */
export type UserEpochs = Pick<User, 'id' | 'sessionEpoch' | 'deploymentEpoch'>

/** The counters of an account after a write. */
export type UserCounters = Pick<User, 'sessionEpoch' | 'version'>

/** An account, and since when it has known the device that was asked about; null if it does not know the device. */
export type UserAndDevice = User & { knownSince: Date | null }

export type NewUser = Partial<Pick<User, 'vendorId'>> & Pick<
  User,
  | 'id'
  | 'email'
  | 'emailCanonical'
  | 'emailVerified'
  | 'passwordHash'
  | 'fullName'
  | 'locale'
  | 'role'
  | 'approval'
>

type Amendable = 'fullName' | 'locale' | 'role' | 'vendorId' | 'approval' | 'status' | 'mustChangePassword'

/** The fields of an account that change. A field that is left out stays. */
export type Amendment = { [Name in Amendable]?: User[Name] | undefined }

export interface AmendOptions { now: Date, endsSessions?: boolean }

export type UserStore = ReturnType<typeof createUserStore>

export function createUserStore (db: Database) {
  return {
    find,
    findByAddress,
    insert,
    lock,
    lockActive,
    lockAny,
    lockInOrder,
    amend,
    setAddress,
    setTwoStep,
    raiseEpoch
  }

  /** The account with this id, or null. */
  async function find (id: string, query: Query = db): Promise<User | null> {
    const [user] = await query<User>`
      select ${userColumns(query)}
      from users u ${userJoins(query)}
      where u.id = ${id}`
    return user ?? null
  }

  /**
   * The account with this canonical address, or null, and since when it has known this device. It is one statement,
   * whether or not there is an account or a device.
   */
  async function findByAddress (canonical: string, deviceId: string | null = null): Promise<UserAndDevice | null> {
    const [user] = await db<UserAndDevice>`
      select ${userColumns(db)}, kd.created_at as known_since
      from users u ${userJoins(db)}
      left join known_devices kd on kd.user_id = u.id and kd.device_id = ${deviceId}
      where u.email_canonical = ${canonical}`
    return user ?? null
  }

  /**
   * Makes the account unless its address has one already. Returns whether it did.
   * @throws Refusal `invalid_request` with `unknown` for `/vendor_id`
   */
  async function insert (tx: Transaction, user: NewUser, now: Date): Promise<boolean> {
    const made = await tx`
      insert into users (
        id, email, email_canonical, email_verified, password_hash, full_name, locale, role, vendor_id, approval,
        created_at, updated_at
      )
      values (
        ${user.id}, ${user.email}, ${user.emailCanonical}, ${user.emailVerified}, ${user.passwordHash},
        ${user.fullName}, ${user.locale}, ${user.role}, ${user.vendorId ?? null}, ${user.approval},
        ${now}, ${now}
      )
      on conflict (email_canonical) do nothing
      returning id`.catch(refuseUnknownVendor)
    return made.length === 1
  }

  /**
   * Locks the account's row if the account is active and its epochs are those that were read with its password hash:
   * every change of a password raises one. Call it before a write that a password has allowed. False means that the
   * account has changed since, so that the password no longer counts.
   */
  async function lock (tx: Transaction, { id, sessionEpoch, deploymentEpoch }: UserEpochs): Promise<boolean> {
    const locked = await tx`
      select u.id
      from users u
      cross join deployment d
      where u.id = ${id}
        and u.status = 'active'
        and u.session_epoch = ${sessionEpoch}
        and d.session_epoch = ${deploymentEpoch}
      for no key update of u`
    return locked.length === 1
  }

  /**
   * Locks the row of an active account and reads it under the lock; null if there is none. It is the strongest lock,
   * which also excludes new references to the row: writing a unique column takes it, and a transaction that came to it
   * from a weaker one could deadlock.
   */
  async function lockActive (tx: Transaction, id: string): Promise<User | null> {
    const user = await lockAny(tx, id)
    return user?.status === 'active' ? user : null
  }

  /** As `lockActive`, also the row of a disabled account. */
  async function lockAny (tx: Transaction, id: string): Promise<User | null> {
    const [user] = await tx<User>`
      select ${userColumns(tx)}
      from users u ${userJoins(tx)}
      where u.id = ${id}
      for update of u`
    return user ?? null
  }

  /** Locks the rows of several accounts, in the order of their ids, so that two transactions do not deadlock. */
  async function lockInOrder (tx: Transaction, ids: string[]) {
    await tx`
      select u.id
      from users u
      where u.id = any(${ids})
      order by u.id
      for no key update of u`
  }

  /**
   * Gives an account an address that has been confirmed. Returns its new version. The caller holds the lock of
   * `lockActive`.
   * @throws Refusal `conflict` if another account has the address, or gets it at this moment
   */
  async function setAddress (
    tx: Transaction,
    id: string,
    { address, canonical }: EmailAddress,
    now: Date
  ): Promise<number> {
    // The condition refuses a taken address at once. Without it, two accounts that take each other's address would wait
    // for each other at the unique index.
    const [user] = await tx<Pick<User, 'version'>>`
      update users
      set email = ${address},
          email_canonical = ${canonical},
          email_verified = true,
          version = version + 1,
          updated_at = ${now}
      where id = ${id}
        and not exists (
          select
          from users o
          where o.email_canonical = ${canonical}
            and o.id <> ${id}
        )
      returning version`.catch(error => { throw isTaken(error) ? new Refusal('conflict', { cause: error }) : error })
    if (!user) throw new Refusal('conflict')
    return user.version
  }

  /**
   * Changes an account, and ends its sessions with `endsSessions`. Returns null if there is no such account.
   * @throws Refusal `invalid_request` with `unknown` for `/vendor_id`
   */
  async function amend (
    tx: Transaction,
    id: string,
    change: Amendment,
    { now, endsSessions = false }: AmendOptions
  ): Promise<UserCounters | null> {
    const [user] = await tx<UserCounters>`
      update users
      set full_name = coalesce(${change.fullName ?? null}, full_name),
          locale = coalesce(${change.locale ?? null}, locale),
          role = coalesce(${change.role ?? null}, role),
          vendor_id = case
            when ${change.vendorId === undefined} then vendor_id
            else ${change.vendorId ?? null}::uuid
          end,
          approval = coalesce(${change.approval ?? null}, approval),
          status = coalesce(${change.status ?? null}, status),
          must_change_password = coalesce(${change.mustChangePassword ?? null}, must_change_password),
          session_epoch = session_epoch + case when ${endsSessions} then 1 else 0 end,
          version = version + 1,
          updated_at = ${now}
      where id = ${id}
      returning session_epoch, version`.catch(refuseUnknownVendor)
    return user ?? null
  }

  /** Says whether the password alone opens a session, and ends all of the user's sessions. Returns the new epoch. */
  async function setTwoStep (tx: Transaction, id: string, twoStep: boolean): Promise<number> {
    const [user] = await tx<{ sessionEpoch: number }>`
      update users
      set two_step = ${twoStep}, session_epoch = session_epoch + 1
      where id = ${id}
      returning session_epoch`
    if (!user) throw unavailable(new Error('the row was locked and is gone'))
    return user.sessionEpoch
  }

  /** Ends all of a user's sessions, in O(1). Returns the new epoch; null if there is no such account. */
  async function raiseEpoch (tx: Transaction, id: string): Promise<number | null> {
    const [user] = await tx<{ sessionEpoch: number }>`
      update users
      set session_epoch = session_epoch + 1
      where id = ${id}
      returning session_epoch`
    return user?.sessionEpoch ?? null
  }
}

function isTaken (error: unknown): boolean {
  return violates(error, 'users_email_canonical_key')
}

const unknownVendor: FieldError = { path: '/vendor_id', code: 'unknown', message: 'is no vendor’s' }

// The foreign key finds it out at the moment of the write. An earlier read could be outdated by then.
function refuseUnknownVendor (error: unknown): never {
  if (!violates(error, 'users_vendor_id_fkey')) throw error
  throw new Refusal('invalid_request', { errors: [unknownVendor], cause: error })
}

function violates (error: unknown, constraint: string): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === constraint
}

/** The columns of a `User`, also for stores that read one with something else. The aliases are those of `userJoins`. */
export function userColumns ({ fragment }: Query) {
  return fragment`
    u.id, u.email, u.email_canonical, u.email_verified, u.password_hash, u.full_name, u.locale, u.role,
    r.user_type, u.vendor_id, v.status as vendor_status, u.status, u.approval, u.must_change_password,
    u.two_step, r.second_factor as factor_policy, r.second_factor_from as factor_policy_from,
    case when r.second_factor = 'optional' then false else has_second_factor(u.id, r.second_factor) end as has_factor,
    u.version, u.session_epoch, u.last_login_at, u.created_at, u.updated_at,
    d.session_epoch as deployment_epoch, k.wrapped_key`
}

/** The tables that a `User` is read from, beside its own row `u`. */
export function userJoins ({ fragment }: Query) {
  return fragment`
    cross join deployment d
    left join roles r on r.name = u.role
    left join vendors v on v.id = u.vendor_id
    left join subject_keys k on k.subject_id = u.id`
}

/** A condition on a row `u` of an account: no administrator keeps its user out. Its vendor may still be suspended. */
export function isAdmitted ({ fragment }: Query) {
  return fragment`u.status = 'active' and u.approval in ('not_required', 'approved')`
}
