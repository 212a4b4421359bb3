import type { Tracing } from '../context/tracing.ts'
import type { Database, Query, Transaction } from './database.ts'

/** What is said about a statement: its text as it is written in the code, without values. */
interface Described { name: string, attributes: Record<string, string> }

/** How many characters of a statement are recorded. */
const textLengthMax = 2000

/**
 * The same database, whose statements and transactions are recorded as parts of what is traced. The time of a
 * statement includes that of waiting for a connection; within a transaction it does not.
 */
export function traceDatabase (database: Database, tracing: Tracing): Database {
  if (!tracing.isOn) return database

  return Object.assign(traceQuery(database, tracing), {
    begin: <T>(work: (tx: Transaction) => Promise<T>) => tracing.span('transaction', {
      role: 'client',
      attributes: { ...system, ...waiting() }
    }, () => database.begin(tx => work(traceQuery(tx, tracing)))),
    ping: database.ping,
    load: database.load,
    close: database.close
  })

  function waiting () {
    return { 'latchkey.connections.waiting': database.load().waiting }
  }
}

const system = { 'db.system.name': 'postgresql' }

const descriptions = new WeakMap<TemplateStringsArray, Described>()

function traceQuery (query: Query, tracing: Tracing): Query {
  return Object.assign(
    <T extends object>(strings: TemplateStringsArray, ...values: unknown[]) => {
      const { name, attributes } = describe(strings)
      return tracing.span(name, { role: 'client', attributes }, () => query<T>(strings, ...values))
    },
    {
      fragment: query.fragment,
      unsafe: (text: string) => tracing.span('statements', { role: 'client', attributes: system }, () => query.unsafe(text))
    }
  )
}

function describe (strings: TemplateStringsArray): Described {
  const known = descriptions.get(strings)
  if (known !== undefined) return known

  const text = strings.join('?').replace(/\s+/g, ' ').trim()
  const [, operation = ''] = /^(\w+)/.exec(text) ?? []
  const name = `${operation} ${targetOf(text)}`.trim()
  const described = {
    name,
    attributes: {
      ...system,
      'db.operation.name': operation,
      'db.query.summary': name,
      'db.query.text': text.slice(0, textLengthMax)
    }
  }
  descriptions.set(strings, described)
  return described
}

/** The first table or function that a statement names, apart from the names that it gives to parts of itself. */
function targetOf (text: string): string {
  const parts = new Set([...text.matchAll(/\b(\w+) as (?:(?:not )?materialized )?\(/g)].map(([, part]) => part))
  const targets = [...text.matchAll(/\b(?:from|into|update) (?:only |lateral )?(\w+)/g)].map(([, target]) => target)
  return targets.find(target => !parts.has(target)) ?? ''
}
