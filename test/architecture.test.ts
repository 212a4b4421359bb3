import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findViolations } from './architecture.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

t.test('the tree keeps to its layers', async t => {
  const files = readTree()
  t.ok(files.size > 50 && files.has('app.ts') && files.has('lib/errors.ts'), 'the tree was read')
  t.strictSame(findViolations(files), [])
})

t.test('what breaks a rule is found', async t => {
  const planted: [string, string, RegExp][] = [
    ['lib/sessions/sessions.ts', "import redis from '../../plugins/stores/redis.ts'", /imports plugins\/stores\/redis\.ts/],
    ['lib/sessions/sessions.ts', "import type { X } from '../../routes/auth/login.ts'", /imports routes\/auth\/login\.ts \(types\)/],
    ['lib/sessions/sessions.ts', "import { createSessionStore } from './session-store.ts'", /imports lib\/sessions\/session-store\.ts, which lib may not/],
    ['lib/sessions/sessions.ts', "import { createGate } from '../stores/gate.ts'", /imports lib\/stores\/gate\.ts, which lib may not/],
    ['lib/sessions/sessions.ts', "import type { Accounts } from '../accounts/accounts.ts'", /accounts is not below sessions/],
    ['lib/sessions/sessions.ts', "import type { Roles } from '../access/roles.ts'", /access is not below sessions/],
    ['lib/sessions/sessions.ts', "import pg from 'pg'", /imports pg, which lib may not/],
    ['lib/sessions/sessions.ts', "const { Redis } = await import('ioredis')", /imports ioredis/],
    ['lib/sessions/sessions.ts', "import type { FastifyRequest } from 'fastify'", /imports fastify \(types\)/],
    ['lib/sessions/sessions.ts', "import { env } from 'node:process'", /imports node:process/],
    ['lib/sessions/sessions.ts', 'const key = process.env.KEY', /reads process\.env/],
    ['lib/sessions/sessions.ts', "const key = process['env'].KEY", /reads process\.env/],
    ['lib/access/role-store.ts', "import { createRoles } from './roles.ts'", /imports lib\/access\/roles\.ts, which a store may not/],
    ['lib/users/user-store.ts', "import fastify from 'fastify'", /imports fastify/],
    ['plugins/access/roles.ts', "import login from '../../routes/auth/login.ts'\n{ name: 'roles' }", /imports routes\/auth\/login\.ts/],
    ['plugins/access/roles.ts', "import principal from './principal.ts'\n{ name: 'roles' }", /imports plugins\/access\/principal\.ts, which plugins may not/],
    ['plugins/access/index.ts', "import redis from '../stores/redis.ts'\n{ name: 'access' }", /imports plugins\/stores\/redis\.ts, which belongs to another feature/],
    ['plugins/access/roles.ts', "import { x } from 'one'\nimport { y } from 'two'\n{ name: 'roles' }", /owns one and two/],
    ['plugins/access/roles.ts', "export default fp(f, { name: 'role' })", /is not named roles/],
    ['plugins/access/index.ts', "export default fp(f, { name: 'index' })", /is not named access/],
    ['routes/users/list.ts', "import { createUserStore } from '../../lib/users/user-store.ts'", /imports lib\/users\/user-store\.ts/],
    ['routes/users/list.ts', "import pg from 'pg'", /imports pg/],
    ['routes/users/list.ts', "export { x } from '../../plugins/access/roles.ts'", /imports plugins\/access\/roles\.ts/],
    ['app.ts', "import redis from './plugins/stores/redis.ts'", /imports plugins\/stores\/redis\.ts, which app\.ts may not/],
    ['app.ts', "import { createUsers } from './lib/users/users.ts'", /imports lib\/users\/users\.ts, which app\.ts may not/],
    ['server.ts', "import redis from './plugins/stores/redis.ts'", /imports plugins\/stores\/redis\.ts/],
    ['server.ts', "import Fastify from 'fastify'", /imports fastify, which server\.ts may not/],
    ['plugins/http/server.ts', "import app from '../../app.ts'", /imports app\.ts/],
    ['plugins/http/headers.ts', "import { x } from './server.ts'\n{ name: 'headers' }", /imports plugins\/http\/server\.ts, which plugins may not/],
    ['commands/migrate.ts', "import { createUserStore } from '../lib/users/user-store.ts'", /imports lib\/users\/user-store\.ts, which commands may not/],
    ['cli.ts', "import latchkey from './app.ts'", /imports app\.ts, which cli\.ts may not/],
    ['lib/users/users.ts', "import { build } from '../../test/helper.ts'", /imports test\/helper\.ts/],
    ['plugins/access/roles.ts', "import { x } from '../../dev/ports.ts'\n{ name: 'roles' }", /imports dev\/ports\.ts/]
  ]

  for (const [path, text, message] of planted) {
    const found = findViolations(new Map([[path, text]]))
    t.equal(found.length, 1, text)
    t.match(found[0], message)
    t.ok(found[0]?.startsWith(path))
  }
})

t.test('a circle and a second owner are found, across files', async t => {
  t.match(findViolations(new Map([['lib/users/a.ts', "import './b.ts'"], ['lib/users/b.ts', "export * from './c.ts'"], ['lib/users/c.ts', "import { a } from './a.ts'"]])), [/lib\/users\/a\.ts → lib\/users\/b\.ts → lib\/users\/c\.ts → lib\/users\/a\.ts/])
  t.match(findViolations(new Map([['plugins/x/a.ts', "import pg from 'pg'; { name: 'a' }"], ['plugins/x/b.ts', "import pg from 'pg'; { name: 'b' }"]])), [/plugins\/x\/a\.ts and plugins\/x\/b\.ts both own pg/])
})

t.test('what is allowed is not complained about', async t => {
  t.strictSame(findViolations(new Map([
    ['lib/users/a.ts', "import type { B } from './b.ts'\nimport type { Pool } from 'pg'\nimport { createHash } from 'node:crypto'\n// process.env is for others"],
    ['lib/users/b.ts', "import { type A, a } from './a.ts'"],
    ['lib/stores/c.ts', "import type { Pool } from 'pg'\nimport { unavailable } from '../errors.ts'\nimport type { Clock } from '../clock.ts'"],
    ['lib/users/user-store.ts', "import type { Database } from '../stores/database.ts'"],
    ['plugins/x/c.ts', "import fp from 'fastify-plugin'\nimport { a } from '../../lib/users/a.ts'\nimport pg from 'pg'\nexport default fp(f, { name: 'c' })"],
    ['plugins/x/index.ts', "import fp from 'fastify-plugin'\nimport c from './c.ts'\nexport default fp(f, { name: 'x' })"],
    ['routes/d.ts', "import { Type } from '@sinclair/typebox'\nimport type { Config } from '../lib/config/config.ts'"],
    ['server.ts', "import app from './app.ts'\nprocess.env.PORT"]
  ])), [])
})

/** The sources, by their path from the root. */
function readTree (): Map<string, string> {
  const paths = ['app.ts', 'server.ts', 'cli.ts', ...['commands', 'lib', 'plugins', 'routes'].flatMap(folder => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(name => join(folder, name)))]
  return new Map(paths.filter(path => path.endsWith('.ts')).map(path => [relative('.', path).replaceAll('\\', '/'), readFileSync(join(root, path), 'utf8')]))
}
