import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { advisoryLocks } from '../../../lib/stores/advisory-locks.ts'
import { openDatabase } from '../../support/database.ts'

t.test('each purpose has a number of its own', async t => {
  const numbers = Object.values(advisoryLocks)
  t.equal(new Set(numbers).size, numbers.length)
})

t.test('the migrations that take a lock take the one in the table', async t => {
  const taken = Object.fromEntries(migrations().flatMap(({ name, text }) => {
    const numbers = [...text.matchAll(/advisory_(?:xact_)?lock(?:_shared)?\(([^)]*)\)/g)].map(([, number]) => number)
    return numbers.length > 0 ? [[name, numbers]] : []
  }))
  const number = String(advisoryLocks.auditPartitions)
  t.same(taken, { '019.do.audit-partitions.sql': [number], '020.do.audit-seals.sql': [number] })
})

t.test('the signing keys are locked by the number that older versions compute', async t => {
  const { database } = await openDatabase(t)
  const [row] = await database`select hashtextextended('latchkey signing keys', 0)::text as number`
  t.same(row, { number: String(advisoryLocks.signingKeys) })
})

function migrations () {
  const folder = new URL('../../../sql/', import.meta.url)
  return readdirSync(folder).map(name => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))
}
