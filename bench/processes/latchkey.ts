// A measured process: Latchkey itself, as server.ts runs it. It makes accounts and tokens for the measuring process.
import { createHash, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import latchkey from '../../app.ts'
import { createClock } from '../../lib/clock.ts'
import { loadConfig } from '../../lib/config/config.ts'
import { purposes } from '../../lib/crypto/purposes.ts'
import type { CleanUpRun } from '../../lib/operations/clean-up.ts'
import { createLogSink } from '../../lib/operations/log-sink.ts'
import type { Hasher } from '../../lib/passwords/passwords.ts'
import { createRefreshTokens } from '../../lib/sessions/refresh-tokens.ts'
import type { Transaction } from '../../lib/stores/database.ts'
import { createUserStore } from '../../lib/users/user-store.ts'
import { createServer } from '../../plugins/http/server.ts'
import { answerTasks, portOf } from './tasks.ts'
import { createTurnWatch } from './turns.ts'

/** An account for the load. */
export interface Account { id: string, email: string }

/** An account for which an access token is signed. */
export interface SignedIn { id: string, sessionId?: string, role?: string }

// A hasher in place of argon2id, to measure what a login costs without its hash.
const accountsPerTransaction = 50
const operator = { ip: '127.0.0.1', userAgent: null, requestId: 'bench' }
const digest = (password: Buffer) => createHash('sha256').update(password).digest('base64').slice(0, 43)
const noHasher: Hasher = {
  hash: async (password, { memoryKib, passes, parallelism }) => [
    '$argon2id$v=19',
    `m=${memoryKib},t=${passes},p=${parallelism}`,
    'bm8gc2FsdCBhdCBhbGw',
    digest(password)
  ].join('$'),
  verify: async (stored, password) => stored.endsWith(digest(password))
}

const config = loadConfig(process.env)
const app = createServer(config, { stream: createLogSink({ file: fs, fd: 1 }) })
const hasher = process.env['BENCH_HASHER'] === 'none' ? noHasher : undefined
await app.register(latchkey, { config, clock: createClock(), hasher })
await app.listen({ host: '127.0.0.1', port: 0 })

const turns = createTurnWatch()

answerTasks({
  port: () => portOf(app.addresses()),
  makeAccounts,
  signTokens,
  cleanUp: (options: CleanUpRun) => app.cleanUp.run(options),
  beginTurns: turns.begin,
  endTurns: turns.end,
  memory: () => process.memoryUsage().rss,
  hashesPerSecond,
  hashOf: async (password: string) => await app.passwords.hash(password, { priority: 'known', flow: 'bench' }),
  createSubjects: async (ids: string[]) => { await app.audit.createSubjects(app.database, ids) },
  deviceTokensOf: (deviceIds: string[]) => deviceIds.map(id => app.deviceTokens.issue(id)),
  refreshTokensOf,
  makeFollower: () => app.services.create({ name: 'follower', mayRevoke: false, mayFollow: true }, operator)
}, () => app.close())

/** How many hashes both processors compute in a second when they do nothing else. */
async function hashesPerSecond ({ password, milliseconds }: { password: string, milliseconds: number }) {
  const started = performance.now()
  const counts = await Promise.all(Array.from({ length: config.passwords.concurrency * 2 }, hashOneByOne))
  return counts.reduce((sum, count) => sum + count, 0) / (performance.now() - started) * 1000

  async function hashOneByOne () {
    let count = 0
    for (; performance.now() - started < milliseconds; count++) {
      await app.passwords.hash(password, { priority: 'known', flow: 'bench' })
    }
    return count
  }
}

async function makeAccounts ({ count, password }: { count: number, password: string }): Promise<Account[]> {
  const passwordHash = await app.passwords.hash(password, { priority: 'known', flow: 'bench' })
  const accounts = Array.from({ length: count }, () => ({ id: randomUUID(), email: `ada-${randomUUID()}@example.com` }))

  for (let i = 0; i < accounts.length; i += accountsPerTransaction) {
    const some = accounts.slice(i, i + accountsPerTransaction)
    await app.database.begin(async tx => await insert(tx, some, passwordHash))
  }
  return accounts
}

async function insert (tx: Transaction, accounts: Account[], passwordHash: string) {
  const users = createUserStore(app.database)

  for (const { id, email } of accounts) {
    await users.insert(tx, {
      id,
      email,
      emailCanonical: email,
      emailVerified: true,
      passwordHash,
      fullName: 'Ada King',
      locale: 'en',
      role: 'user',
      approval: 'not_required'
    }, new Date())
    await app.audit.createSubject(tx, id)
  }
}

/** Refresh tokens of sessions that lie in Postgres, as if each had just been rotated for the first time. */
function refreshTokensOf (sessionIds: string[]): string[] {
  const { issue } = createRefreshTokens(app.secrets.derive(purposes.refreshTokens(config.sessions.issuer)))
  return sessionIds.map(sessionId => issue({ transport: 'bearer', sessionId, generation: 1, issuedAt: Date.now() }))
}

/** Tokens of the accounts in turn. A session or a role that is not given is invented. */
function signTokens ({ count, accounts }: { count: number, accounts: SignedIn[] }): string[] {
  return Array.from({ length: count }, (_, i) => app.tokens.sign({
    userId: accounts[i % accounts.length]?.id ?? '',
    sessionId: accounts[i % accounts.length]?.sessionId ?? randomUUID(),
    authTime: Date.now(),
    amr: ['pwd'],
    role: accounts[i % accounts.length]?.role ?? 'user',
    vendorId: null,
    epoch: [0, 0],
    version: 1,
    mustChangePassword: false,
    generation: 1,
    sessionEnd: Date.now() + 3_600_000
  }).token)
}
