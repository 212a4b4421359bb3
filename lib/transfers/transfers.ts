import type { Audit } from '../audit/audit.ts'
import type { Caller } from '../http/caller.ts'
import type { Clock } from '../clock.ts'
import { asOneLine } from '../formats/one-line.ts'
import { readImportedUser, RefusedLine } from './imported-user.ts'
import type { ImportRules } from './imported-user.ts'
import type { Database } from '../stores/database.ts'
import type { OneTimeTokens } from '../tokens/one-time-tokens.ts'
import { parseFullName } from '../users/full-name.ts'
import type { ExportedUser, ImportedUser, UserTransferStore } from './transfer-store.ts'
import { formatUser, headOf, readUserFile } from './files.ts'
import type { FileFormat, UserRecord } from './files.ts'

/** How many users were read, and what became of them. */
export interface Tally {
  read: number
  imported: number
  /** Users whose addresses have an account already, which stays as it is. */
  skipped: number
  refused: number
  /** Imported users without a password, who need a reset by mail. */
  withoutPassword: number
}

export interface ImportOptions {
  /** Null: the format is recognised by the first character. */
  format: FileFormat | null
  /** Does everything except writing. */
  isDryRun: boolean
  /** The roles with power over others that the file may grant. */
  allowedRoles: readonly string[]
  /** Called for each line that gives no account. */
  refuse: (line: number, reason: string) => void
  /** Called after each batch. */
  report: (tally: Tally) => void
}

export interface UserTransferParts extends Omit<ImportRules, 'allowedRoles' | 'now'> {
  database: Database
  transfers: UserTransferStore
  oneTimeTokens: Pick<OneTimeTokens, 'promised'>
  audit: Pick<Audit, 'record' | 'recordAll' | 'createSubjects'>
  clock: Pick<Clock, 'now'>
}

export type UserTransfers = ReturnType<typeof createUserTransfers>

/** Users of one transaction: enough to be fast, few enough to hold no lock for long. */
const batchRows = 500

/** Imports accounts from another system and exports them to one. */
export function createUserTransfers ({
  database, transfers, oneTimeTokens, audit, clock, ...rules
}: UserTransferParts) {
  return { importUsers, exportUsers }

  /**
   * Makes an account for each line whose address has none yet, and that no owner of an account may still restore.
   * Existing accounts are not changed: so an interrupted import continues when it is started again. Only the addresses
   * of the file are kept in memory.
   * @throws Error when the first line of CSV does not name the columns
   * @throws Refusal `unavailable`
   */
  async function importUsers (
    chunks: AsyncIterable<Uint8Array>, { format, isDryRun, allowedRoles, refuse, report }: ImportOptions, caller: Caller
  ): Promise<Tally> {
    const tally: Tally = { read: 0, imported: 0, skipped: 0, refused: 0, withoutPassword: 0 }
    const lines = new Map<string, number>()
    const make = isDryRun ? pretend : insert
    let batch: ImportedUser[] = []

    for await (const record of readUserFile(chunks, format)) {
      tally.read++
      const user = accept(record)
      if (user) batch.push(user)
      if (batch.length === batchRows) await flush()
    }
    await flush()
    if (!isDryRun) {
      await audit.record(database, {
        event: 'users_imported',
        outcome: 'success',
        subject: null,
        caller,
        personal: { ...tally, allowedRoles }
      })
    }
    return tally

    function accept (record: UserRecord): ImportedUser | null {
      try {
        if ('problem' in record) throw new RefusedLine(record.problem)
        const user = readImportedUser(record.values, { ...rules, allowedRoles, now: clock.now() })
        const earlier = lines.get(user.emailCanonical)
        if (earlier !== undefined) throw new RefusedLine(`email is the one of line ${earlier}`)
        lines.set(user.emailCanonical, record.line)
        return user
      } catch (error) {
        if (!(error instanceof RefusedLine)) throw error
        reject(record.line, error.message)
        return null
      }
    }

    function reject (line: number, reason: string) {
      tally.refused++
      refuse(line, reason)
    }

    async function flush () {
      const promised = await findPromised(batch)
      for (const canonical of promised) {
        reject(lines.get(canonical) ?? 0, 'email is one to which an account may still be restored')
      }
      const users = batch.filter(({ emailCanonical }) => !promised.includes(emailCanonical))
      const made = users.length > 0 ? await make(users, caller) : []
      tally.imported += made.length
      tally.skipped += users.length - made.length
      tally.withoutPassword += made.filter(({ passwordHash }) => passwordHash === null).length
      batch = []
      report(tally)
    }
  }

  /** The addresses that have no account, because it was moved away, and that its owner may still bring it back to. */
  async function findPromised (users: ImportedUser[]): Promise<string[]> {
    const promised = await oneTimeTokens.promised(database, users.map(({ emailCanonical }) => emailCanonical))
    const taken = promised.length > 0 ? await transfers.taken(promised) : []
    return promised.filter(canonical => !taken.includes(canonical))
  }

  async function insert (users: ImportedUser[], caller: Caller): Promise<ImportedUser[]> {
    return await database.begin(async tx => {
      const ids = new Set(await transfers.insert(tx, users, new Date(clock.now())))
      const made = users.filter(({ id }) => ids.has(id))
      const subjects = await audit.createSubjects(tx, made.map(({ id }) => id))
      await audit.recordAll(tx, subjects.map((subject, index) => ({
        event: 'user_created',
        outcome: 'success',
        reason: 'imported',
        subject,
        caller,
        personal: { email: made[index]?.email, role: made[index]?.role }
      })))
      return made
    })
  }

  async function pretend (users: ImportedUser[]): Promise<ImportedUser[]> {
    const taken = new Set(await transfers.taken(users.map(({ emailCanonical }) => emailCanonical)))
    return users.filter(({ emailCanonical }) => !taken.has(emailCanonical))
  }

  /**
   * All accounts, in the form that `importUsers` reads, with the hashes of their passwords, and without ids, vendors,
   * sessions and devices. The export is recorded in the audit trail before the first account is sent.
   * @throws Refusal `unavailable`
   */
  async function * exportUsers (
    format: FileFormat, { report }: { report: (done: number) => void }, caller: Caller
  ): AsyncGenerator<string> {
    await audit.record(database, { event: 'users_exported', outcome: 'success', subject: null, caller })
    yield headOf(format)

    let done = 0
    let last: ExportedUser | undefined
    do {
      const users = await transfers.list(last?.id ?? null, batchRows)
      yield users.map(user => formatUser(format, valuesOf(user))).join('')
      done += users.length
      last = users.at(-1)
      report(done)
    } while (last)
  }
}

function valuesOf (user: ExportedUser) {
  return {
    email: user.email,
    // A name from before the rules for names would not be imported.
    full_name: parseFullName(user.fullName) ?? asOneLine(user.fullName) ?? user.email,
    role: user.role,
    locale: user.locale,
    created_at: user.createdAt.toISOString(),
    email_verified: user.emailVerified,
    password_hash: user.passwordHash,
    // The values of most accounts are left out.
    status: user.status === 'active' ? null : user.status,
    approval: user.approval === 'not_required' ? null : user.approval,
    must_change_password: user.mustChangePassword || null
  }
}
