import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { isDebian, unpackDebian } from '../../dev/services/debian.ts'
import { freePort, isOpen } from '../../dev/services/ports.ts'
import { findPostgres } from '../../dev/services/postgres-binaries.ts'
import { startPrivateServer } from '../../dev/services/private-server.ts'
import { migrate } from '../../dev/services/template.ts'
import { check, outcomeOf } from '../failure/nodes.ts'
import { makeDatabase } from '../support/database.ts'
import { as, deploy, password, post, refresh, retryUnavailable, signIn, signUp, start } from '../support/helper.ts'
import { sealsOf } from '../support/trail/audit-seals.ts'
import { until } from '../support/until.ts'

/** Fewer connections to Postgres than the nodes have to PgBouncer, so anything that depends on one connection fails. */
const poolSize = 3

t.test('Latchkey works behind PgBouncer in transaction mode', { skip: isDebian() ? false : 'PgBouncer comes from Debian here' }, async t => {
  const { url, directUrl } = await makeDatabase(t, { migrated: false })
  const pooled = await startPgBouncer(t, url)
  const deployment = { ...await deploy(t), DATABASE_URL: pooled, DATABASE_DIRECT_URL: directUrl }
  await migrate(deployment)
  const nodes = [await start(t, deployment), await start(t, deployment)] as const
  const [first, second] = nodes

  await t.test('sign-up with its mail, login, refresh, reauthenticate, list and logout work', async t => {
    const ada = await signUp(first)
    const tokens = await signIn(second, ada)
    const next = (await refresh(first, tokens.refresh_token)).json()
    const proved = await as(second, next.access_token, 'POST', '/auth/reauthenticate', { password })
    t.equal(outcomeOf(proved), '200')
    const { access_token: access, refresh_token: newest } = proved.json()
    t.match(await as(first, access, 'PATCH', '/auth/me', { full_name: 'Ada Lovelace' }), { statusCode: 200 })
    t.equal((await as(second, access, 'GET', '/auth/sessions')).json().sessions.length, 1)

    t.match(await post(first, '/auth/logout', { refresh_token: newest }), { statusCode: 204 })
    t.ok(await until(async () => outcomeOf(await check(second, access)) === '401 session_ended signed_out', 1500) < 1000, 'the feed reads through it, too')
    t.equal(outcomeOf(await refresh(second, newest)), '401 session_ended signed_out')
    await until(async () => (await first.jobs.counts()).every(({ waiting }) => waiting === 0))
    t.ok((await first.jobs.counts()).every(({ failed }) => failed === 0), 'the jobs are done')
  })

  await t.test('the audit trail is sealed, by one node at a time', async t => {
    const seals = async () => Number((await first.database`select count(*)::int as seals from audit_seals`)[0]?.['seals'])
    const before = await seals()
    await signIn(second)
    const sealed = await Promise.all([first, second, first, second].map(node => sealsOf(node).seal()))
    t.equal(sealed.filter(events => events > 0).length, 1)
    t.equal(await seals(), before + 1)
  })

  await t.test('many requests at once share few connections, with statements of any kind', async t => {
    const people = await Promise.all(Array.from({ length: 12 }, (_, place) => signIn(nodes[place % 2] ?? first)))
    const answers = await Promise.all(people.flatMap(({ refresh_token: token }) =>
      Array.from({ length: 6 }, (_, slot) => retryUnavailable(() => refresh(nodes[slot % 2] ?? first, token)))))
    t.same(new Set(answers.map(outcomeOf)), new Set(['200']))
    const outs = await Promise.all(people.map(({ access_token: token }, place) => as(nodes[place % 2] ?? first, token, 'POST', '/auth/logout', { scope: 'everywhere' })))
    t.same(new Set(outs.map(({ statusCode }) => statusCode)), new Set([204]))
  })

  await t.test('no statement is left prepared in Postgres', async t => {
    for (let slot = 0; slot < 2 * poolSize; slot++) {
      const [{ count } = { count: -1 }] = await first.database<{ count: number }>`select count(*)::int as count from pg_prepared_statements where name <> ''`
      t.equal(count, 0)
    }
  })
})

async function startPgBouncer (t: Pick<Test, 'teardown'>, url: string) {
  const { env } = await unpackDebian(['pgbouncer'])
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  const { hostname, port: upstream, username, password } = new URL(url)
  const port = await freePort()
  const { prefix } = findPostgres(folder)

  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'users.txt'), `"${username}" "${decodeURIComponent(password)}"\n`)
  writeFileSync(join(folder, 'pgbouncer.ini'), [
    '[databases]', `* = host=${hostname} port=${upstream}`,
    '[pgbouncer]', 'listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir =', 'pool_mode = transaction',
    `default_pool_size = ${poolSize}`, 'auth_type = scram-sha-256', `auth_file = ${join(folder, 'users.txt')}`, ''
  ].join('\n'))

  const server = await startPrivateServer({
    name: 'PgBouncer',
    command: [...prefix, 'pgbouncer', join(folder, 'pgbouncer.ini')],
    env,
    stopSignal: 'INT',
    log: join(folder, 'pgbouncer.log'),
    answers: () => isOpen(port)
  })
  t.teardown(server.stop)

  const target = new URL(url)
  target.host = `127.0.0.1:${port}`
  return target.href
}
