// node --import tsx bench/sign-ins.ts: what a sign-in costs Postgres, in processor time of its backend, with jit on and
// off by turns. Needs Linux: the times are those of /proc.
//   --postgres=15|18
import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { postgresOf } from '../dev/services/debian-postgres.ts'
import { startPostgres } from '../dev/services/services.ts'
import { migrate } from '../dev/services/template.ts'
import { makeTestFolder } from '../dev/tests/folder.ts'
import { readArguments } from './arguments.ts'

const rounds = 5
const signInsOfRound = 300
/** The unit of the times in /proc, on every Linux that we know of. */
const ticksPerSecond = 100

const { postgres } = readArguments({})
const server = await startPostgres({ dataDir: makeTestFolder(), durable: true, ...await postgresOf(postgres) })
try {
  await migrate({
    NODE_ENV: 'test',
    DATABASE_URL: server.databaseUrl,
    DATABASE_DIRECT_URL: server.databaseDirectUrl,
    REDIS_URL: 'redis://localhost',
    ENCRYPTION_KEY: randomBytes(32).toString('base64')
  })
  await compare(server.databaseDirectUrl)
} finally {
  await server.stop()
}

async function compare (url: string) {
  const seconds: Record<string, number[]> = { on: [], off: [] }
  for (let round = 0; round < rounds; round++) {
    for (const jit of ['on', 'off']) seconds[jit]?.push(await measure(url, jit))
  }
  for (const [jit, each] of Object.entries(seconds)) {
    const milliseconds = (each.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? NaN) * 1000
    console.log(`Postgres ${postgres}, jit ${jit}: ${milliseconds.toFixed(2)} ms of a processor for each sign-in`)
  }
}

async function measure (url: string, jit: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, options: `-c jit=${jit}` })
  await client.connect()
  try {
    const { rows: [backend] } = await client.query('select pg_backend_pid() as pid')
    const users = await addUsers(client, signInsOfRound + 10)
    for (const user of users.splice(0, 10)) await signIn(client, user)

    const before = processorTicks(backend.pid)
    for (const user of users) await signIn(client, user)
    return (processorTicks(backend.pid) - before) / ticksPerSecond / signInsOfRound
  } finally {
    await client.end()
  }
}

async function addUsers (client: pg.Client, count: number) {
  const ids = Array.from({ length: count }, () => randomUUID())
  await client.query(
    `insert into users (id, email, email_canonical, email_verified, full_name, role, password_hash)
    select id, id || '@example.com', id || '@example.com', true, 'Ada King', 'user', 'none' from unnest($1::uuid[]) id`, [ids]
  )
  return ids
}

async function signIn (client: pg.Client, user: string) {
  const now = new Date()
  await client.query({
    name: 'sign_in',
    text: "select sign_in($1, 0, 0, $2, 'bearer', $3, 'phone', 'bench', '127.0.0.1', '{pwd}', $4, $5, 20, 10, 'request', '\\x00')",
    values: [user, randomUUID(), randomUUID(), now, new Date(now.getTime() + 3_600_000)]
  })
}

/** The user's and the kernel's time for a process, the 14th and 15th fields of its line. */
function processorTicks (pid: number) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}
