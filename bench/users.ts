// node --import tsx bench/users.ts: how long Postgres takes for lists of users and for searches, statement by
// statement, in the database of DATABASE_URL (which `npm run seed` has filled).
//   --plans     prints the plan of every statement as well
import { parseArgs } from 'node:util'
import pg from 'pg'
import { createUserDirectoryStore } from '../lib/administration/directory-store.ts'
import type { Filters, Order } from '../lib/administration/directory-store.ts'
import { createUserDirectory } from '../lib/administration/directory.ts'
import { createEncryption } from '../lib/crypto/encryption.ts'
import { createCursors } from '../lib/http/cursors.ts'
import { createDatabase } from '../lib/stores/database.ts'
import type { Database, Query } from '../lib/stores/database.ts'
import { createUserStore } from '../lib/users/user-store.ts'
import { percentile } from './load/statistics.ts'

/** The parts of a plan in JSON that are used here. Times are milliseconds. */
interface Explained {
  'Execution Time': number
  'Planning Time': number
  Plan: { 'Shared Hit Blocks': number, 'Shared Read Blocks': number }
}

const { values: { plans } } = parseArgs({ options: { plans: { type: 'boolean', default: false } } })
const orders: Order['by'][] = ['created_at', 'email', 'last_login_at']
const filters: Partial<Filters>[] = [
  {},
  { role: 'super_admin' },
  { status: 'disabled' },
  { role: 'vendor', approval: 'pending' },
  { role: 'user', status: 'disabled', approval: 'rejected' }
]
const searches = [
  undefined,
  'a',
  'zq',
  'sm',
  'smith',
  'smiht',
  'throckmorton',
  'ada lovelace',
  'mariah anderson',
  'exampel',
  'example',
  '@post',
  'xyzzyx',
  '%_%'
]
const rounds = 3

const pool = new pg.Pool({
  connectionString: process.env['DATABASE_URL'],
  max: 2,
  types: {
    getTypeParser: (type, format) => (
      type === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(type, format)
    )
  }
})
const database = createDatabase(pool, { connections: 2, queueMax: 10, deadline: 60_000, prepare: true, begin: 'begin' })
let statements: Explained[] = []
const explaining = explain(database)
const directory = createUserDirectory({
  directory: createUserDirectoryStore(explaining),
  users: createUserStore(database),
  cursors: createCursors(createEncryption([Buffer.alloc(32)]))
})
/** A page of a list, and the milliseconds that Postgres took for it. */
const all: { name: string, took: number }[] = []

try {
  for (const q of searches) {
    for (const by of orders) {
      for (const isDescending of [true, false]) {
        for (const filter of filters) await measure(q, { by, isDescending }, filter)
      }
    }
  }
} finally {
  await database.close(1000)
}
all.sort((a, b) => b.took - a.took)
console.log('\nThe slowest, in milliseconds of Postgres:')
for (const { name, took } of all.slice(0, 20)) console.log(`${took.toFixed(1).padStart(8)}  ${name}`)
const [p50, p95, p99] = [0.5, 0.95, 0.99].map(p => percentile(all.map(({ took }) => took), p).toFixed(1))
console.log(`\n${all.length} pages: p50 ${p50}, p95 ${p95}, p99 ${p99} ms`)

/** Reads a page and the next one. The fastest of three rounds counts, because the machine has other work as well. */
async function measure (q: string | undefined, order: Order, filter: Partial<Filters>) {
  const what = q === undefined ? 'list' : `q=${q}`
  const name = `${what} by ${order.isDescending ? '-' : ''}${order.by} ${JSON.stringify(filter)}`
  let cursor: string | undefined

  for (const page of ['', ', page 2']) {
    let best = Number.POSITIVE_INFINITY
    let line = ''
    let next: string | null = null
    for (let round = 0; round < rounds; round++) {
      statements = []
      const answer = await directory.list({ q, order, limit: 50, cursor, ...filter })
      const took = statements.reduce((sum, statement) => sum + millisecondsOf(statement), 0)
      next = answer.next_cursor
      if (took >= best) continue
      best = took
      line = `${name}${page}: ${answer.users.length} users; ${statements.map(describe).join(' + ')}`
    }
    all.push({ name: line, took: best })
    if (next === null) return
    cursor = next
  }
}

function millisecondsOf (statement: Explained) {
  return statement['Execution Time'] + statement['Planning Time']
}

function describe ({ 'Execution Time': ms, Plan }: Explained) {
  return `${ms.toFixed(1)} ms, ${Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks']} blocks`
}

/** A database that also has Postgres explain each statement that is sent through it. */
function explain (db: Database): Database {
  return Object.assign(explainEach(db), {
    ...db,
    fragment: db.fragment,
    unsafe: db.unsafe,
    begin: <T>(work: (tx: Query) => Promise<T>) => db.begin(tx => (
      work(Object.assign(explainEach(tx), { fragment: tx.fragment, unsafe: tx.unsafe }))
    ))
  })
}

function explainEach (query: Query) {
  return async <T extends object>(strings: TemplateStringsArray, ...values: unknown[]): Promise<T[]> => {
    if (/set_config/.test(strings.join(''))) return await query<T>(strings, ...values)
    const [first = '', ...rest] = strings
    const text = template([`explain (analyze, buffers, format json) ${first}`, ...rest])
    const [row] = await query<Record<string, Explained[]>>(text, ...values)
    const [explained] = Object.values(row ?? {}).flat()
    if (explained) statements.push(explained)
    if (plans) console.log(JSON.stringify(explained, null, 1))
    return await query<T>(strings, ...values)
  }
}

function template (strings: string[]): TemplateStringsArray {
  return Object.assign(strings, { raw: strings })
}
