import type { PendingQuery, Row, Sql, TransactionSql } from 'postgres'
import { unavailable } from '../errors.ts'
import { createGate } from './gate.ts'

/** A statement as a tagged template: `sql<User>\`select … where id = ${id}\``; values are always parameters. */
export interface Query {
  <T extends object = Row> (statement: TemplateStringsArray, ...values: unknown[]): Promise<T[]>
  /** A part of a statement, to be used as a value in another. Nothing is sent. */
  fragment (part: TemplateStringsArray, ...values: unknown[]): Fragment
  /** A statement made by a library that brings its own text. */
  unsafe (text: string, values?: unknown[]): Promise<object[]>
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
  /** How many statements and transactions have not ended yet. */
  readonly unfinished: number
}

/**
 * Postgres with a deadline and a bounded queue. Whatever keeps it from answering (no connection, a
 * shutdown, a failover, a deadlock, the deadline in milliseconds) is `unavailable`; other errors are
 * bugs and come through as they are. After the deadline nothing more of the work is sent: a waiting
 * statement is cancelled and a transaction rolls back.
 */
export function createDatabase (sql: Sql, { limit, deadline }: { limit: number, deadline: number }): Database {
  const gate = createGate({ limit, deadline })

  return Object.assign(
    <T extends object>(statement: TemplateStringsArray, ...values: unknown[]) => guard(signal => cancellable<T>(signal, sql(statement, ...parameters(values)))),
    {
      fragment: (part: TemplateStringsArray, ...values: unknown[]) => sql(part, ...parameters(values)),
      unsafe: (text: string, values: unknown[] = []) => guard(signal => cancellable<object>(signal, sql.unsafe(text, parameters(values)))),
      begin: <T>(work: (tx: Transaction) => Promise<T>) => guard(signal => begin(signal, work)),
      ping
    },
    Object.defineProperty({}, 'unfinished', { get: () => gate.unfinished }) as { readonly unfinished: number }
  )

  async function ping () {
    const started = performance.now()
    await guard(signal => cancellable(signal, sql`select 1`))
    return performance.now() - started
  }

  async function guard<T> (work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await gate.pass(work)
    } catch (error) {
      throw isAbsence(error) ? unavailable(error) : error
    }
  }

  async function begin<T> (signal: AbortSignal, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const outcome: { value?: T } = {}
    await sql.begin(async connection => {
      outcome.value = await work(transaction(connection, signal))
      signal.throwIfAborted()
    })
    return outcome.value as T
  }
}

function transaction (connection: TransactionSql, signal: AbortSignal): Transaction {
  return Object.assign(
    async <T extends object>(statement: TemplateStringsArray, ...values: unknown[]) => {
      signal.throwIfAborted()
      return await connection<T[]>(statement, ...parameters(values))
    },
    {
      fragment: (part: TemplateStringsArray, ...values: unknown[]) => connection(part, ...parameters(values)),
      unsafe: async (text: string, values: unknown[] = []) => {
        signal.throwIfAborted()
        return await connection.unsafe(text, parameters(values))
      }
    }
  )
}

async function cancellable<T extends object> (signal: AbortSignal, query: PendingQuery<Row[]>): Promise<T[]> {
  signal.addEventListener('abort', () => query.cancel())
  return await query as Row[] as T[]
}

// postgres.js types its parameters narrowly; what reaches it here are strings, numbers, booleans,
// dates, buffers, null and arrays of these.
function parameters (values: unknown[]) {
  return values as never[]
}

// The driver's own failures have these codes, the system's are errno names, Postgres' are SQLSTATEs:
// connection (08), rolled back by concurrency (40), resources (53), operator intervention (57),
// system (58), read-only because of a failover (25006).
const absence = /^(CONNECT|CONNECTION_|E[A-Z_]+$|08|40|53|57|58|25006)/

function isAbsence (error: unknown): boolean {
  return error instanceof Error && 'code' in error && absence.test(String(error.code))
}
