// A measured process: Better Auth on Node's own server, as its documentation sets it up, with its tables in Postgres.
// Its settings are their defaults, but for the limit of rates, which is off for all.
//   PEER_MODE=cached     the session in a signed cookie for five minutes (session.cookieCache)
//   PEER_MODE=joined     a session and its user in one query (advanced.database.joins)
//   PEER_MODE=hashless   passwords are not hashed
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import type { BetterAuthOptions, PasswordHasher } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import pg from 'pg'
import type { Account } from '../processes/latchkey.ts'
import { answerTasks, portOf } from '../processes/tasks.ts'

const digest = (password: string) => createHash('sha256').update(password).digest('base64')
const noHasher: PasswordHasher = {
  hash: async password => digest(password),
  verify: async ({ hash, password }) => hash === digest(password)
}
const mode = process.env['PEER_MODE']
const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = address === null ? undefined : portOf([address])

const options: BetterAuthOptions = {
  baseURL: `http://127.0.0.1:${port}`,
  secret: randomBytes(32).toString('base64'),
  database: new pg.Pool({ connectionString: process.env['DATABASE_URL'] ?? '' }),
  emailAndPassword: { enabled: true, ...(mode === 'hashless' && { password: noHasher }) },
  rateLimit: { enabled: false },
  ...(mode === 'cached' && { session: { cookieCache: { enabled: true, maxAge: 300 } } }),
  ...(mode === 'joined' && { advanced: { database: { joins: true } } })
}
const { runMigrations } = await getMigrations(options)
await runMigrations()
const auth = betterAuth(options)
server.on('request', toNodeHandler(auth))

answerTasks({ port: () => port, makeAccounts }, async () => { server.close() })

async function makeAccounts ({ count, password: text }: { count: number, password: string }): Promise<Account[]> {
  const { internalAdapter, password } = await auth.$context
  const hash = await password.hash(text)
  const accounts: Account[] = []

  for (let made = 0; made < count; made++) {
    const email = `ada-${randomUUID()}@example.com`
    const { id } = await internalAdapter.createUser({ email, name: 'Ada King', emailVerified: true })
    await internalAdapter.linkAccount({ userId: id, accountId: id, providerId: 'credential', password: hash })
    accounts.push({ id, email })
  }
  return accounts
}
