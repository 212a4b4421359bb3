// npm run seed: fills the database of the running `npm run dev`, or that of DATABASE_DIRECT_URL, with invented people.
//   --users=N   how many are added (1000000)
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { createProgressBar } from '../commands/support/progress-bar.ts'
import { readEnvironment } from '../lib/config/config.ts'
import { addUsers } from './samples/invented-users.ts'

const { values } = parseArgs({ options: { users: { type: 'string', default: '1000000' } } })
const total = Number(values.users)
const batchRows = 20_000

const env = readEnvironment(process.cwd(), { NODE_ENV: 'development', ...process.env })
const url = env['DATABASE_DIRECT_URL'] ?? env['DATABASE_URL']
if (env['NODE_ENV'] === 'production') fail('Nobody wants invented people in production.')
if (url === undefined) fail('Start `npm run dev` first, or set DATABASE_DIRECT_URL.')
if (!Number.isSafeInteger(total) || total < 1) fail('--users takes a number.')

const sql = postgres(url, { max: 1, onnotice () {} })
const bar = createProgressBar(process.stderr, total)
try {
  const [first] = await sql<{ number: number }[]>`select count(*)::int as number from users`
  const offset = first?.number ?? 0
  for (let done = 0; done < total; done += batchRows) {
    bar.show(done, `${done} of ${total} users`)
    const to = offset + Math.min(done + batchRows, total)
    await addUsers(sql, { from: offset + done + 1, to, all: offset + total })
  }
  bar.show(total, 'looking at what there is now (vacuum, analyze)')
  await sql`vacuum analyze users, last_logins`
  bar.clear()
  console.log(`${total} users were added. None of them has a password: to sign in as one of them, request a password reset.`)
} finally {
  bar.clear()
  await sql.end({ timeout: 1 })
}

function fail (why: string): never {
  console.error(why)
  process.exit(1)
}
