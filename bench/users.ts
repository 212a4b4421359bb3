// node --import tsx bench/users.ts: what lists of users and searches cost Postgres, statement by statement, in the
// database of DATABASE_URL (which `npm run seed` has filled).
//   --plans     every statement's plan as well
import { parseArgs } from 'node:util'
import pg from 'pg'
import { createCursors } from '../lib/http/cursors.ts'
import { createEncryption } from '../lib/crypto/encryption.ts'
import { createDatabase } from '../lib/stores/database.ts'
import type { Database, Query } from '../lib/stores/database.ts'
import { createUserDirectoryStore } from '../lib/administration/directory-store.ts'
import type { Filters, Order } from '../lib/administration/directory-store.ts'
import { createUserStore } from '../lib/users/user-store.ts'
import { createUserDirectory } from '../lib/administration/directory.ts'
import { percentile } from './statistics.ts'

interface Explained { 'Execution Time': number, 'Planning Time': number, Plan: { 'Shared Hit Blocks': number, 'Shared Read Blocks': number } }

const { values: { plans } } = parseArgs({ options: { plans: { type: 'boolean', default: false } } })
const orders: Order['by'][] = ['created_at', 'email', 'last_login_at']
const filters: Partial<Filters>[] = [{}, { role: 'super_admin' }, { status: 'disabled' }, { role: 'vendor', approval: 'pending' }, { role: 'user', status: 'disabled', approval: 'rejected' }]
const searches = [undefined, 'a', 'zq', 'sm', 'smith', 'smiht', 'throckmorton', 'ada lovelace', 'mariah anderson', 'exampel', 'example', '@post', 'xyzzyx', '%_%']

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
console.log(`\n${all.length} pages: p50 ${percentile(all.map(({ took }) => took), 0.5).toFixed(1)}, p95 ${percentile(all.map(({ took }) => took), 0.95).toFixed(1)}, p99 ${percentile(all.map(({ took }) => took), 0.99).toFixed(1)} ms`)

/** A page and the next; of three times the fastest, because a machine does other things too. */
async function measure (q: string | undefined, order: Order, filter: Partial<Filters>) {
  const name = `${q === undefined ? 'list' : `q=${q}`} by ${order.isDescending ? '-' : ''}${order.by} ${JSON.stringify(filter)}`
  let cursor: string | undefined

  for (const page of ['', ', page 2']) {
    let best = Number.POSITIVE_INFINITY
    let line = ''
    let next: string | null = null
    for (let time = 0; time < 3; time++) {
      statements = []
      const answer = await directory.list({ q, order, limit: 50, cursor, ...filter })
      const took = statements.reduce((sum, statement) => sum + statement['Execution Time'] + statement['Planning Time'], 0)
      next = answer.next_cursor
      if (took >= best) continue
      best = took
      line = `${name}${page}: ${answer.users.length} users; ${statements.map(({ 'Execution Time': ms, Plan }) => `${ms.toFixed(1)} ms, ${Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks']} blocks`).join(' + ')}`
    }
    all.push({ name: line, took: best })
    if (next === null) return
    cursor = next
  }
}

/** Has every statement explained that it sends. */
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
    const [row] = await query<{ 'qUERY PLAN'?: Explained[] }>(template([`explain (analyze, buffers, format json) ${first}`, ...rest]), ...values)
    const [explained] = Object.values(row ?? {}).flat()
    if (explained) statements.push(explained as Explained)
    if (plans) console.log(JSON.stringify(explained, null, 1))
    return await query<T>(strings, ...values)
  }
}

function template (strings: string[]): TemplateStringsArray {
  return Object.assign(strings, { raw: strings })
}
