import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { findViolations } from './architecture/rules.ts'
import { findStrays } from './architecture/twins.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Features for others to use: of one the decorator `database`, of one the slot `principal`. */
const stores = {
  'plugins/stores/postgres.ts': plugin('postgres', { body: "app.decorate('database', 1)" }),
  'server.ts': 'app.database.ping()'
}
const access = {
  'plugins/access/principal.ts': plugin('principal', { body: "app.decorateRequest('principal', null)" })
}

t.test('the tree keeps to its layers', async t => {
  const files = readTree()
  t.ok(files.size > 50 && files.has('app.ts') && files.has('lib/errors.ts'), 'the tree was read')
  t.strictSame(findViolations(files), [])
})

t.test('what breaks a rule within a file is found', async t => {
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
    ['clients/javascript/src/x.ts', "import type { X } from '../../../lib/errors.ts'", /imports lib\/errors\.ts \(types\)/],
    ['clients/javascript/src/x.ts', "import pg from 'pg'", /imports pg/],
    ['routes/users/list.ts', "export { x } from '../../plugins/access/roles.ts'", /imports plugins\/access\/roles\.ts/],
    ['app.ts', "import redis from './plugins/stores/redis.ts'", /imports plugins\/stores\/redis\.ts, which app\.ts may not/],
    ['app.ts', "import { createUsers } from './lib/users/users.ts'", /imports lib\/users\/users\.ts, which app\.ts may not/],
    ['server.ts', "import redis from './plugins/stores/redis.ts'", /imports plugins\/stores\/redis\.ts/],
    ['server.ts', "import Fastify from 'fastify'", /imports fastify, which server\.ts may not/],
    ['plugins/http/server.ts', "import app from '../../app.ts'", /imports app\.ts/],
    ['plugins/http/headers.ts', "import { x } from './server.ts'\n{ name: 'headers' }", /imports plugins\/http\/server\.ts, which plugins may not/],
    ['commands/migrate.ts', "import { createUserStore } from '../lib/users/user-store.ts'", /imports lib\/users\/user-store\.ts, which commands may not/],
    ['commands/migrate.ts', 'process.stdout.write(text)', /uses process\.stdout/],
    ['commands/migrate.ts', 'console.log(text)', /uses console\.log/],
    ['cli.ts', "import latchkey from './app.ts'", /imports app\.ts, which cli\.ts may not/],
    ['lib/users/users.ts', "import { build } from '../../test/helper.ts'", /imports test\/helper\.ts/],
    ['plugins/access/roles.ts', "import { x } from '../../dev/ports.ts'\n{ name: 'roles' }", /imports dev\/ports\.ts/],
    ['plugins/access/roles.ts', "app.feed.publish([])\n{ name: 'roles' }", /publishes changes, which only a unit of work may/],
    ['plugins/access/roles.ts', "app.feed['publish']([])\n{ name: 'roles' }", /publishes changes/],
    ['plugins/access/roles.ts', "const { publish: tell } = app.feed\n{ name: 'roles' }", /publishes changes/],
    ['lib/access/roles.ts', 'function create ({ publish }) {}', /publishes changes/],
    ['routes/users/list.ts', 'app.get(async request => request.server.feed.publish([]))', /publishes changes/]
  ]

  for (const [path, text, message] of planted) {
    const found = findViolations(new Map([[path, text]]))
    t.equal(found.length, 1, text)
    t.match(found[0], message)
    t.ok(found[0]?.startsWith(path))
  }
})

t.test('what breaks a rule between files is found', async t => {
  const planted: [string, Record<string, string>, RegExp][] = [
    ['a second owner of a library', {
      'plugins/x/a.ts': plugin('a', { imports: "import pg from 'pg'" }),
      'plugins/x/b.ts': plugin('b', { imports: "import pg from 'pg'" })
    }, /plugins\/x\/a\.ts and plugins\/x\/b\.ts both own pg/],
    ['a circle of files', {
      'lib/users/a.ts': "import './b.ts'",
      'lib/users/b.ts': "export * from './c.ts'",
      'lib/users/c.ts': "import { a } from './a.ts'"
    }, /lib\/users\/a\.ts → lib\/users\/b\.ts → lib\/users\/c\.ts → lib\/users\/a\.ts/],
    ['a circle of types', {
      'lib/users/a.ts': "import type { B } from './b.ts'",
      'lib/users/b.ts': "import type { A } from './a.ts'"
    }, /lib\/users\/a\.ts → lib\/users\/b\.ts → lib\/users\/a\.ts/],
    ['a circle of folders', {
      'routes/users/a.ts': "import { b } from '../roles/b.ts'",
      'routes/roles/c.ts': "import { d } from '../users/d.ts'"
    }, /routes\/users → routes\/roles → routes\/users/],
    ['a folder with too many files', {
      ...Object.fromEntries(Array.from({ length: 19 }, (_, n) => [`lib/users/file-${n}.ts`, '']))
    }, /lib\/users has 19 files, more than 18/],
    ['a feature with too many files', {
      ...Object.fromEntries(Array.from({ length: 19 }, (_, n) => [`plugins/http/file-${n}.ts`, plugin(`file-${n}`)]))
    }, /plugins\/http has 19 files, more than 18/],
    ['a drawer of tools', {
      ...Object.fromEntries(Array.from({ length: 19 }, (_, n) => [`dev/file-${n}.ts`, '']))
    }, /dev has 19 files, more than 18/],
    ['a circle of tools', {
      'dev/tests/a.ts': "import { b } from '../services/b.ts'",
      'dev/services/c.ts': "import { d } from '../tests/d.ts'"
    }, /dev\/tests → dev\/services → dev\/tests/],
    ...[
      'app.database.ping()',
      "app['database'].ping()",
      'const { database: store } = app',
      'app.get(function () { return this.database })',
      'app.get(async request => request.server.database.ping())'
    ].map((body): [string, Record<string, string>, RegExp] => [`an undeclared decorator: ${body}`, {
      ...stores,
      'plugins/x/index.ts': plugin('x', { body })
    }, /plugins\/x\/index\.ts uses database and does not depend on stores/]),
    ['an undeclared slot of requests', {
      ...access,
      'plugins/x/index.ts': plugin('x', { body: "app.addHook('onRequest', async ({ principal }) => principal)" })
    }, /uses principal and does not depend on access/],
    ['a dependency without use', {
      ...stores,
      'plugins/x/index.ts': plugin('x', { dependencies: ['stores'] })
    }, /plugins\/x\/index\.ts depends on stores and uses nothing of it/],
    ['a file of another feature as a dependency', {
      ...stores,
      'plugins/x/index.ts': plugin('x', { body: 'app.database.ping()', dependencies: ['stores', 'postgres'] })
    }, /depends on postgres and uses nothing of it/],
    ['the own feature as a dependency', {
      ...stores,
      'plugins/stores/schema.ts': plugin('schema', { body: 'app.database.ping()', dependencies: ['stores'] })
    }, /depends on stores, its own feature/],
    ['a decorator that is wanted and not used', {
      ...stores,
      'plugins/x/a.ts': "export default fp(f, { name: 'a', decorators: { fastify: ['database'] } })"
    }, /plugins\/x\/a\.ts wants database and does not use it/],
    ['a decorator for the own feature alone', {
      'plugins/x/a.ts': plugin('a', { body: "app.decorate('inner', 1)" }),
      'plugins/x/index.ts': plugin('x', { body: 'app.inner.toString()' })
    }, /plugins\/x\/a\.ts decorates inner, which nothing outside x uses/]
  ]

  for (const [rule, files, message] of planted) {
    const found = findViolations(new Map(Object.entries(files)))
    t.equal(found.length, 1, rule)
    t.match(found[0], message)
  }
})

t.test('what is allowed is not complained about', async t => {
  const allowed: Record<string, string> = {
    ...stores,
    ...access,
    'lib/users/a.ts': "import type { B } from './b.ts'\nimport type { Pool } from 'pg'\n// process.env is for others",
    'lib/users/b.ts': "import { createHash } from 'node:crypto'\nimport type { User } from './user-store.ts'\nimport { type D, d } from './d.ts'",
    'lib/users/user-store.ts': "import type { Database } from '../stores/database.ts'",
    'lib/stores/c.ts': "import { unavailable } from '../errors.ts'\nimport type { Clock } from '../clock.ts'",
    ...Object.fromEntries(Array.from({ length: 18 }, (_, n) => [`lib/mail/file-${n}.ts`, ''])),
    'lib/mail/texts/en.ts': "import type { A } from '../file-1.ts'",
    'plugins/x/c.ts': plugin('c', { imports: "import { a } from '../../lib/users/a.ts'\nimport pg from 'pg'" }),
    'plugins/x/index.ts': plugin('x', {
      imports: "import fp from 'fastify-plugin'\nimport { a } from '../../lib/users/a.ts'\nimport c from './c.ts'",
      body: "const { database } = app; app.decorate('made', database); app.addHook('onRequest', ({ principal }) => 1)",
      dependencies: ['stores', 'access']
    }),
    'plugins/y/a.ts': "fp(async (app, { database }) => {}, { name: 'a' })",
    'plugins/y/b.ts': "fp(async app => app.database, { name: 'b', decorators: { fastify: ['database'] } })",
    'plugins/changes/feed.ts': "app.feed.publish([])\n{ name: 'feed' }",
    'lib/keys/ring.ts': 'function publish (key) {}\nkeys.map(publish)',
    'routes/d.ts': "import { Type } from '@sinclair/typebox'\nimport type { Config } from '../lib/config/config.ts'",
    'routes/e/f.ts': "import { g } from '../schemas/g.ts'\napp.get('/', async () => app.made)",
    'server.ts': "import app from './app.ts'\nprocess.env.PORT"
  }

  t.strictSame(findViolations(new Map(Object.entries(allowed))), [])
})

t.test('a test stands where its twin stands', async t => {
  const paths = [...readTree().keys(), ...pathsBelow('test')]
  t.ok(paths.includes('test/routes/auth/login.test.ts') && paths.includes('routes/auth/login.ts'), 'both were read')
  t.strictSame(findStrays(paths), [])
})

t.test('a test that does not stand where its twin stands is found', async t => {
  const sources = ['plugins/http/cors.ts', 'lib/doctor/outside/ask.ts']
  t.strictSame(findStrays([...sources, 'test/plugins/cors.test.ts']), [
    'test/plugins/cors.test.ts tests plugins/http/cors.ts: test/plugins/http/cors.test.ts'
  ])
  const fine = ['test/plugins/http/cors.test.ts', 'test/lib/doctor/outside.test.ts', 'test/lib/doctor/all.test.ts', 'test/cors.test.ts']
  t.strictSame(findStrays([...sources, ...fine]), [])
})

/** The sources, by their path from the root. */
function readTree (): Map<string, string> {
  const folders = ['bench', 'clients', 'commands', 'dev', 'lib', 'plugins', 'routes', 'test/support']
  const paths = folders.flatMap(pathsBelow).concat('app.ts', 'server.ts', 'cli.ts')
  return new Map(paths.filter(path => path.endsWith('.ts')).map(path => [path, readFileSync(join(root, path), 'utf8')]))
}

function pathsBelow (folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map(name => `${folder}/${name.replaceAll('\\', '/')}`)
}

interface Parts { imports?: string, body?: string, dependencies?: string[] }

/** The text of a plugin. */
function plugin (name: string, { imports = '', body = '', dependencies }: Parts = {}) {
  const options = dependencies ? `, dependencies: ${JSON.stringify(dependencies)}` : ''
  return `${imports}\nexport default fp(async function f (app) { ${body} }, { name: '${name}'${options} })`
}
