import type { Pool, PoolClient, QueryArrayResult } from 'pg'
import { unavailable } from '../errors.ts'
import type { Turn } from '../queues/priority-queue.ts'
import { createGate, ownTurn } from './gate.ts'
import type { Slot } from './gate.ts'
import { fragment, render } from './statement.ts'
import type { Fragment } from './statement.ts'

/** A statement as a tagged template: `sql<User>\`select … where id = ${id}\``. Values are always parameters. */
export interface Query {
  <T extends object = Record<string, unknown>> (statement: TemplateStringsArray, ...values: unknown[]): Promise<T[]>
  /** A part of a statement, to be used as a value in another one. Nothing is sent. */
  fragment (part: TemplateStringsArray, ...values: unknown[]): Fragment
  /** Sends statements as one text, of a migration for instance. Returns the rows of the last one. */
  unsafe (text: string): Promise<object[]>
}

/** Statements of one transaction. */
export type Transaction = Query

/** The only way to Postgres. */
export interface Database extends Query {
  /** Runs the work in a transaction, which is committed when the work resolves and rolled back when it throws. */
  begin <T> (work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Asks for an answer. Returns how many milliseconds it took. */
  ping (): Promise<number>
  /** How many statements and transactions are under way, how many wait for a connection, and in how many flows. */
  load (): { running: number, waiting: number, flowsWaiting: number }
  /** Closes every connection. Work that is still under way after `timeoutMs` fails. */
  close (timeoutMs: number): Promise<void>
}

export interface DatabaseOptions {
  /** The most connections. Each of them does one thing at a time. */
  connections: number
  /** The most statements that may wait for a connection. */
  queueMax: number
  /** Milliseconds that a statement may wait for a connection; by default `deadline`. */
  waitTimeoutMs?: number
  /** Milliseconds from getting a connection until a caller is answered, whether Postgres has answered or not. */
  deadline: number
  /** The most connections that one flow may use at once; all by default. */
  flowConnections?: number
  /** The most connections that all strangers together may use at once; all by default. */
  strangerConnections?: number
  /** The turn of the code that runs now: see `createFlows`. By default all work is the node's own. */
  turn?: () => Turn
  /** Whether statements are prepared, by name. Not where a pooler may hand out another connection each time. */
  prepare: boolean
  /** The statement that opens a transaction. */
  begin: string
}

/**
 * Postgres with a deadline and a bounded queue. Whatever keeps it from answering (no connection, a shutdown, a
 * failover, a deadlock, a lock that is held, the deadline) is thrown as Refusal `unavailable`. Other errors are bugs
 * and are thrown as they are. At the deadline the connection is closed, whatever it is doing: so a network that drops
 * packets blocks no connection, and a transaction is rolled back.
 */
export function createDatabase (pool: Pool, options: DatabaseOptions): Database {
  const { connections, flowConnections, strangerConnections, prepare, begin, turn = () => ownTurn, ...times } = options
  const gate = createGate({
    concurrency: connections,
    ...(flowConnections !== undefined && { flowConcurrency: flowConnections }),
    ...(strangerConnections !== undefined && { strangerConcurrency: strangerConnections }),
    ...times
  })
  const names = new Map<string, string>()
  const columns = new Map<string, string>()
  const held = new Set<() => void>()

  return Object.assign(
    <T extends object>(strings: TemplateStringsArray, ...values: unknown[]) => (
      guard(client => run<T>(client, strings, values))
    ),
    {
      fragment,
      unsafe: (text: string) => guard(client => send(client, text)),
      begin: <T>(work: (tx: Transaction) => Promise<T>) => guard((client, slot) => transact(client, slot, work)),
      ping,
      load: () => ({ running: gate.running, waiting: gate.waiting, flowsWaiting: gate.flowsWaiting }),
      close
    }
  )

  async function ping () {
    const started = performance.now()
    await guard(client => client.query('select 1'))
    return performance.now() - started
  }

  async function guard<T> (work: (client: PoolClient, slot: Slot) => Promise<T>): Promise<T> {
    try {
      return await gate.pass(slot => hold(slot, work), turn())
    } catch (error) {
      throw isAbsence(error) ? unavailable(error) : error
    }
  }

  // A connection goes back to the pool only if it is known to be in order.
  async function hold<T> (slot: Slot, work: (client: PoolClient, slot: Slot) => Promise<T>): Promise<T> {
    const client = await pool.connect()
    const destroy = () => release(true)
    held.add(destroy)
    slot.onOver = destroy
    if (slot.isOver) destroy()

    try {
      const result = await work(client, slot)
      release(false)
      return result
    } catch (error) {
      release(isAbsence(error) && !isInOrder(error))
      throw error
    }

    function release (isBroken: boolean) {
      if (held.delete(destroy)) client.release(isBroken)
    }
  }

  async function transact<T> (client: PoolClient, slot: Slot, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = Object.assign(
      <R extends object>(strings: TemplateStringsArray, ...values: unknown[]) => run<R>(client, strings, values),
      { fragment, unsafe: (text: string) => send(client, text) }
    )

    await client.query(begin)
    try {
      const result = await work(tx)
      if (slot.isOver) throw unavailable(new Error('the caller has been answered'))
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback')
      throw error
    }
  }

  async function run<T extends object> (
    client: PoolClient, strings: TemplateStringsArray, values: unknown[]
  ): Promise<T[]> {
    const statement = render(strings, values)
    const name = prepare ? { name: nameOf(statement.text) } : {}
    return rowsOf<T>(await client.query({ ...statement, ...name, rowMode: 'array' }))
  }

  function nameOf (text: string): string {
    const name = names.get(text) ?? `s${names.size}`
    names.set(text, name)
    return name
  }

  // The one cast: we name the columns of every statement, so a row has the type that its caller names.
  function rowsOf<T extends object> ({ fields, rows }: QueryArrayResult): T[] {
    const keys = fields.map(({ name }) => camelCase(name))
    return rows.map(row => Object.fromEntries(keys.map((key, place) => [key, row[place]])) as T)
  }

  /** `full_name` → `fullName`. Names are kept, because there are few of them and every answer has some. */
  function camelCase (column: string): string {
    const name = columns.get(column) ?? column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    columns.set(column, name)
    return name
  }

  async function close (timeoutMs: number) {
    const timer = setTimeout(() => { for (const destroy of held) destroy() }, timeoutMs)
    await pool.end()
    clearTimeout(timer)
  }
}

async function send (client: PoolClient, text: string): Promise<object[]> {
  const results = [await client.query(text)].flat()
  return results.at(-1)?.rows ?? []
}

// Errors of the driver itself are recognised by their messages. Those of the system have errno names, those of TLS and
// Postgres have codes: connection (08), rights to connect (28), no such database (3D), rolled back by concurrency
// (40), a column, function or table that is missing because somebody migrated under a running node (42703, 42883,
// 42P01), resources (53), a lock that is held (55P03), operator intervention and time-outs (57, 25P03), system (58),
// read-only because of a failover (25006).
const driverMessages = /^(Connection terminated|Client has encountered a connection error|Client was closed|timeout exceeded when trying to connect|Query read timeout|Cannot use a pool after)/
const outageCodes = /^(E[A-Z_]+$|CERT_|ERR_(TLS|SSL)|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|08|28|3D|40|53|55P03|57|58|25006|25P03)/
const missingCodes = /^(42703|42883|42P01)$/

function isAbsence (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return driverMessages.test(error.message) || ('code' in error && isOutageCode(String(error.code)))
}

function isOutageCode (code: string): boolean {
  return outageCodes.test(code) || missingCodes.test(code)
}

// Postgres has ended the statement only: a deadlock or a conflict (40), something that is missing (42), a lock that is
// held (55P03), the time limit of a statement (57014). The connection serves the next one, so that contention does not
// cost new connections.
function isInOrder (error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(40|42|55P03|57014)/.test(String(error.code))
}
