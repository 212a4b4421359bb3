import type { PendingQuery, Row, Sql, TransactionSql } from 'postgres'
import { unavailable } from '../errors.ts'
import { createGate } from './gate.ts'
import type { Turn } from './gate.ts'

/** A statement as a tagged template: `sql<User>\`select … where id = ${id}\``; values are always parameters. */
export interface Query {
  <T extends object = Row> (statement: TemplateStringsArray, ...values: unknown[]): Promise<T[]>
  /** A part of a statement, to be used as a value in another. Nothing is sent. */
  fragment (part: TemplateStringsArray, ...values: unknown[]): Fragment
  /** A statement whose text is already there, a migration's for instance. */
  unsafe (text: string): Promise<object[]>
}

export type Fragment = PendingQuery<Row[]>

/** Statements of one transaction. */
export type Transaction = Query

/** The only way to Postgres. */
export interface Database extends Query {
  /** Runs the work in a transaction: committed when it resolves, undone when it throws. */
  begin <T> (work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Asks for an answer and returns how many milliseconds it took. */
  ping (): Promise<number>
  /** Statements and transactions under way, and those that wait for a connection. */
  load (): { running: number, waiting: number }
  /** Closes every connection; what is under way after `patience` milliseconds fails. */
  close (patience: number): Promise<void>
}

export interface DatabaseOptions {
  /** Connections, each of which does one thing at a time. */
  connections: number
  /** Statements that may wait for a connection. */
  queueMax: number
  /** Milliseconds after which whoever asks is answered. */
  deadline: number
}

/** So long (ms) after a connection was lost its pool is left; meanwhile the others that go with it have gone. */
const renewAfter = 100
/** So long (ms) what is under way in a pool that is left may take to end. */
const leaveWithin = 5000
/** So long (ms) after its deadline a statement that has not ended means that its connection is dead. */
const stuckAfter = 3500

/**
 * Postgres with a deadline and a bounded queue, over pools of the driver that `connect` opens. Whatever
 * keeps it from answering (no connection, a shutdown, a failover, a deadlock, the deadline) is
 * `unavailable`; other errors are bugs and come through as they are. After the deadline nothing more
 * of the work is sent, and a transaction rolls back. A pool in which something hangs for good, because
 * the network swallows its packets, is replaced, and so is one that has lost a connection.
 */
export function createDatabase (connect: () => Sql, { connections, queueMax, deadline }: DatabaseOptions): Database {
  let sql = connect()
  let renewal: NodeJS.Timeout | undefined
  const gate = createGate({ concurrency: connections, queueMax, deadline, onStuck: { after: stuckAfter, do: () => replace(0) } })

  return Object.assign(
    <T extends object>(statement: TemplateStringsArray, ...values: unknown[]) => guard(async () => await sql<T[]>(statement, ...parameters(values)) as T[]),
    {
      fragment: (part: TemplateStringsArray, ...values: unknown[]) => sql(part, ...parameters(values)),
      unsafe: (text: string) => guard(async () => await sql.unsafe(text)),
      begin: <T>(work: (tx: Transaction) => Promise<T>) => guard(turn => begin(turn, work)),
      ping,
      load: () => ({ running: gate.running, waiting: gate.waiting }),
      async close (patience: number) {
        clearTimeout(renewal)
        await sql.end({ timeout: patience / 1000 })
      }
    }
  )

  async function ping () {
    const started = performance.now()
    await guard(async () => await sql`select 1`)
    return performance.now() - started
  }

  async function guard<T> (work: (turn: Turn) => Promise<T>): Promise<T> {
    try {
      return await gate.pass(work)
    } catch (error) {
      if (isLoss(error)) renewal ??= setTimeout(renew, renewAfter)
      throw isAbsence(error) ? unavailable(error) : error
    }
  }

  // Work whose connection has gone never seems to end to the driver (postgres 3.4.9): it would send a
  // ROLLBACK over what is closed, and the process would end of it.
  async function begin<T> (turn: Turn, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const outcome: { value?: T } = {}
    const connection = { isLost: false }

    await sql.begin(async statements => {
      try {
        outcome.value = await work(transaction(statements, turn, connection))
        turn.throwIfAborted()
      } finally {
        if (connection.isLost) await new Promise(() => {})
      }
    }).catch(error => {
      connection.isLost = true
      throw error
    })
    return outcome.value as T
  }

  // What the driver (postgres 3.4.9) keeps of a connection that broke in the middle of a statement would
  // spoil the next one that it opens in its place.
  function renew () {
    renewal = undefined
    replace(leaveWithin)
  }

  function replace (patience: number) {
    const left = sql
    sql = connect()
    left.end({ timeout: patience / 1000 }).catch(() => {})
  }
}

function transaction (statements: TransactionSql, turn: Turn, connection: { isLost: boolean }): Transaction {
  return Object.assign(
    <T extends object>(statement: TemplateStringsArray, ...values: unknown[]) => send(async () => await statements<T[]>(statement, ...parameters(values)) as T[]),
    {
      fragment: (part: TemplateStringsArray, ...values: unknown[]) => statements(part, ...parameters(values)),
      unsafe: (text: string) => send(async () => await statements.unsafe(text))
    }
  )

  async function send<T> (statement: () => Promise<T>): Promise<T> {
    turn.throwIfAborted()
    if (connection.isLost) throw unavailable(new Error('the connection of this transaction has gone'))

    try {
      return await statement()
    } catch (error) {
      connection.isLost ||= isLoss(error)
      throw error
    }
  }
}

// postgres.js types its parameters narrowly; what reaches it here are strings, numbers, booleans,
// dates, buffers, null, arrays of these and fragments.
function parameters (values: unknown[]) {
  return values as never[]
}

// The driver's own failures have these codes, the system's are errno names, those of TLS tell about the
// certificate, Postgres' are SQLSTATEs: connection (08), who may connect (28, 3D), rolled back by
// concurrency (40), resources (53), operator intervention (57, and 57P ends the connection), system
// (58), read-only because of a failover (25006).
const loss = /^(CONNECT|CONNECTION_|E[A-Z_]+$|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|57P)/
const absence = /^(08|28|3D|40|53|57|58|25006)/

function isAbsence (error: unknown): boolean {
  return isLoss(error) || absence.test(codeOf(error))
}

/** Whether the connection itself has gone. */
function isLoss (error: unknown): boolean {
  return loss.test(codeOf(error))
}

function codeOf (error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
