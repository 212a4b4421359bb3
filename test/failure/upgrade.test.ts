import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { createMigrations, expectedVersion } from '../../lib/stores/migrations.ts'
import { run } from '../support/command.ts'
import { openStore } from '../support/database.ts'
import { as, deploy, post, refresh, retryUnavailable, signIn, signUp, start } from '../support/helper.ts'
import type { Deployment } from '../support/helper.ts'
import { until } from '../support/until.ts'
import { api, check, login, outcomeOf, spawnNode } from './nodes.ts'

// The code of this tree is the version before; the version after has one migration more.
const before = expectedVersion()
const after = before + 1
const unavailable = { statusCode: 503, headers: { 'retry-after': /^\d+$/, 'content-type': /^application\/problem\+json/ } }

t.test('nodes of the version before go on beside new ones, and may come back', async t => {
  const deployment = await deploy(t)
  const older = await start(t, deployment)
  const ada = await signUp(older)
  const early = await signIn(older, ada)
  await migrator(t, deployment, `-- compatible-with: ${before}\nalter table users add column planted_column text;\n`).migrate()
  const newer = await start(t, deployment, { schemaVersion: after })

  await older.schema.look()
  const kept = (await retryUnavailable(() => refresh(older, early.refresh_token))).json()
  const late = await signIn(newer, ada)
  t.equal(outcomeOf(await refresh(newer, kept.refresh_token)), '200', 'a session of before, at the new node')
  t.equal(outcomeOf(await refresh(older, late.refresh_token)), '200', 'a session of the new node, at the older one')
  t.match(await as(newer, late.access_token, 'PATCH', '/auth/me', { full_name: 'Ada Lovelace' }), { statusCode: 200 })
  t.match((await as(older, late.access_token, 'GET', '/auth/me')).json(), { user: { full_name: 'Ada Lovelace' } })
  for (const node of [older, newer]) t.ok(await ready(node))

  t.match(await run(deployment, ['migrate']), { code: 0, stdout: `The database is at version ${after}.\n` }, 'the release of before can be deployed again')
  const again = await spawnNode(t, deployment)
  const { refresh_token: token } = await signIn(newer, ada)
  t.equal((await again.send('POST', api('/auth/refresh'), { body: { refresh_token: token } }))?.status, 200)
})

t.test('a migration that is not compatible stops nodes of the version before, until it is taken back', async t => {
  const deployment = await deploy(t)
  const older = await start(t, deployment)
  const ada = await signUp(older)
  const { access_token: token, refresh_token: refreshToken } = await signIn(older, ada)
  const { migrate } = migrator(t, deployment, 'alter table users rename column full_name to name;\n')
  await migrate()

  t.match(await login(older, ada), unavailable, 'before the node has looked')
  await until(async () => !await ready(older))
  for (const answer of [await login(older, ada), await refresh(older, refreshToken), await check(older, token), await post(older, '/auth/password/forgot', { email: ada.email })]) {
    t.match(answer, unavailable)
  }
  t.match(await older.inject('/health'), { statusCode: 503, body: /"degraded"/ })
  t.match(await older.inject('/health/live'), { statusCode: 200 })
  await t.rejects(spawnNode(t, deployment), /The database is at version \d+, which serves code of version \d+ and later/)
  t.match(await run(deployment, ['migrate']), { code: 1, stderr: /Run the newer code/ })

  await migrate({ to: before })
  await until(async () => await ready(older))
  t.equal(outcomeOf(await retryUnavailable(() => login(older, ada))), '200')
  t.equal(outcomeOf(await refresh(older, refreshToken)), '200', 'no token was used up')
})

t.test('a node whose schema is taken back under it answers 503, never 500, and is not ready', async t => {
  const deployment = await deploy(t)
  const node = await start(t, deployment)
  const ada = await signUp(node)
  t.match(await run(deployment, ['migrate', '--to', '13', '--yes']), { code: 0 })

  for (let looks = 0; await ready(node) || looks < 2; looks++) t.match(await login(node, ada), unavailable)
  t.match(await node.inject('/health'), { statusCode: 503 })
  t.match(await run(deployment, ['migrate']), { code: 0 })
  await until(async () => await ready(node))
  t.equal(outcomeOf(await retryUnavailable(() => login(node, ada))), '200')
})

/** Migrates a deployment as a later version does, whose last migration has this text. */
function migrator (t: Test, { DATABASE_DIRECT_URL: url }: Deployment, text: string) {
  const folder = join(mkdtempSync(join(tmpdir(), 'later-')), 'sql')
  t.teardown(() => rmSync(join(folder, '..'), { recursive: true }))
  cpSync('sql', folder, { recursive: true })
  writeFileSync(join(folder, `0${after}.do.later.sql`), text)
  writeFileSync(join(folder, `0${after}.undo.later.sql`), text.includes('rename') ? 'alter table users rename column name to full_name;\n' : 'alter table users drop column planted_column;\n')
  const database = openStore(t, url, { deadline: 60_000 })
  return createMigrations(database, folder)
}

async function ready (node: FastifyInstance) {
  return (await node.inject('/health/ready')).statusCode === 200
}
