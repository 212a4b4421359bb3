import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import t from 'tap'
import type { Test } from 'tap'
import { spawnNode } from '../failure/nodes.ts'
import { run } from '../support/command.ts'
import { connect } from '../support/database.ts'
import { as, deploy, refresh, signIn, signUp, start } from '../support/helper.ts'
import type { Deployment } from '../support/helper.ts'

t.test('settings of the database that would change answers are overruled', async t => {
  const deployment = await deployOn(t, '')
  await set(t, deployment, ['DateStyle = \'German, DMY\'', 'row_security = off', 'default_transaction_isolation = serializable'])
  t.match(await run(deployment, ['migrate']), { code: 0, stderr: '' })

  const node = await start(t, deployment)
  const { access_token: token, refresh_token: refreshToken } = await signIn(node, await signUp(node))
  t.match(await as(node, token, 'GET', '/auth/me'), { statusCode: 200 })
  t.match((await as(node, token, 'GET', '/auth/sessions')).json(), { sessions: [{ created_at: /^\d{4}-\d\d-\d\dT/ }] })
  t.match(await as(node, token, 'GET', '/auth/me/export'), { statusCode: 200 })
  t.match(await refresh(node, refreshToken), { statusCode: 200 })
})

t.test('options of the URL are kept beside them', async t => {
  const { DATABASE_URL: url, ...others } = await deploy(t)
  const node = await start(t, { ...others, DATABASE_URL: `${url}?options=-c%20work_mem%3D5MB` })
  t.match(await node.database`select current_setting('work_mem') as memory, current_setting('DateStyle') as style`, [{ memory: '5MB', style: /^ISO/ }])
})

t.test('where they cannot be overruled, because of a pooler, they are named', async t => {
  const { DATABASE_DIRECT_URL: directUrl, ...others } = await deployOn(t, '')
  const deployment = { ...others, DATABASE_DIRECT_URL: directUrl.replace('127.0.0.1', 'localhost') }
  await set(t, deployment, ['DateStyle = \'SQL, DMY\'', 'row_security = off'])

  for (const refused of [await run(deployment, ['migrate']), await run(deployment, ['clean-up'])]) {
    t.equal(refused.code, 1)
    t.equal(refused.stderr, 'DateStyle is SQL and must be ISO: `alter role … set DateStyle = \'ISO\'` for the role of the URL.\n' +
      'row_security is off and must be on: `alter role … set row_security = \'on\'` for the role of the URL.\n')
  }
})

t.test('a database that is not in UTF8 is refused', async t => {
  const deployment = await deployOn(t, 'encoding \'SQL_ASCII\' locale \'C\'')
  const sentence = /The database is encoded in SQL_ASCII and must be in UTF8/

  t.match(await run(deployment, ['migrate']), { code: 1, stdout: '', stderr: sentence })
  t.equal((await connect(t, deployment.DATABASE_DIRECT_URL)`select from pg_tables where schemaname = 'public'`).length, 0, 'nothing was made')
  await t.rejects(spawnNode(t, deployment), sentence)
})

t.test('pg_trgm in a schema that is not searched is refused, until it is', async t => {
  const deployment = await deployOn(t, '')
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await sql`create schema extensions`
  await sql`create extension pg_trgm schema extensions`
  const sentence = /pg_trgm is in the schema extensions, .*set search_path = public, extensions/

  t.match(await run(deployment, ['migrate']), { code: 1, stderr: sentence })
  await set(t, deployment, ['search_path = public, extensions'])
  t.match(await run(deployment, ['migrate']), { code: 0 })
  await set(t, deployment, ['search_path = public'])
  await t.rejects(spawnNode(t, deployment), sentence)
})

/** A deployment on an empty database that is made with these options. */
async function deployOn (t: Test, options: string): Promise<Deployment> {
  const deployment = await deploy(t)
  const name = `latchkey_test_${randomBytes(6).toString('hex')}`
  const server = postgres(deployment.DATABASE_DIRECT_URL, { max: 1 })
  await server.unsafe(`create database ${name} ${options} template template0`)
  t.teardown(async () => {
    await server`drop database ${server(name)} with (force)`
    await server.end({ timeout: 1 })
  })
  return {
    ...deployment,
    DATABASE_URL: at(deployment.DATABASE_URL),
    DATABASE_DIRECT_URL: at(deployment.DATABASE_DIRECT_URL)
  }

  function at (url: string) {
    return Object.assign(new URL(url), { pathname: `/${name}` }).href
  }
}

async function set (t: Test, { DATABASE_DIRECT_URL: url }: Deployment, settings: string[]) {
  const sql = connect(t, url)
  for (const setting of settings) await sql.unsafe(`alter database ${new URL(url).pathname.slice(1)} set ${setting}`)
}
