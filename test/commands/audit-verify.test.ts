import { randomBytes } from 'node:crypto'
import t from 'tap'
import { run as runCommand, runProcess } from '../support/command.ts'
import { connect } from '../support/database.ts'
import { deploy, signIn, start } from '../support/helper.ts'
import type { Deployment } from '../support/helper.ts'
import { sealsOf } from '../support/trail/audit-seals.ts'

/** A list without entries, as a pattern. An empty list would match every list. */
const none = { length: 0 }

t.test('audit-verify reports that a trail is sound, or what is wrong with it, for people and for machines', async t => {
  const deployment = await deploy(t)
  const app = await start(t, deployment, { workers: false })
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  t.match(await runProcess(deployment, ['audit-verify']), { code: 0, stdout: /sound: 0 events, 0 seals\. There is no seal yet\./ })

  await signIn(app)
  await sealsOf(app).seal()
  const [{ hash, total } = {}] = await sql`select encode(hash, 'hex') as hash, total from audit_seals`
  t.match(await run(deployment), { code: 0, stderr: '', stdout: `The audit trail is sound: ${total} events, 1 seals. It ends with seal 1, ${hash}.` })
  t.match(JSON.parse((await run(deployment, '--json', '--head', hash.slice(0, 12).toUpperCase())).stdout), {
    sound: true,
    has_head: true,
    events: total,
    seals: 1,
    altered: none,
    removed: none,
    inserted: none,
    reordered: none,
    orphaned: none,
    broken_seals: none,
    unsealed: 0,
    head: {
      seal: 1,
      hash
    }
  })
  const cut = await run(deployment, '--head', randomBytes(32).toString('hex'))
  t.match(cut, { code: 1, stdout: /NOT sound[^]*cut off/ })

  await signIn(app)
  t.match(await run(deployment), { code: 0, stdout: /wait for their seal, the first since \d{4}-/ })
  await sql`alter table audit_events disable trigger user`
  await sql`update audit_events set reason = 'other' where id = 2`
  await sql`delete from audit_events where id = 3`
  t.match(await run(deployment), { code: 1, stderr: '', stdout: /NOT sound[^]*altered: 2\n {2}removed: 3\n/ })
  const { code, stdout } = await run(deployment, '--json')
  t.equal(code, 1)
  t.match(JSON.parse(stdout), { sound: false, altered: [2], removed: [3], has_head: null })
})

t.test('a verdict that could not be recorded is told all the same', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_DIRECT_URL)
  await sql`revoke insert on audit_verifications from latchkey_runtime`

  t.match(await run(deployment, '--record'), { code: 1, stdout: /is sound[^]*could not be recorded: .*permission denied/ })
  t.match(JSON.parse((await run(deployment, '--record', '--json')).stdout), { sound: true, recorded: false })
  t.match(await run(deployment), { code: 0 })
})

t.test('audit-verify needs only Postgres and the key', async t => {
  const { REDIS_URL: _redis, ISSUER_URL: _issuer, ...deployment } = await deploy(t)
  t.match(await run(deployment), { code: 0 })
  t.match(await run({ ...deployment, DATABASE_URL: 'postgres://127.0.0.1:1/none' }), { code: 1, stdout: '', stderr: /ECONNREFUSED/ })
})

t.test('an invalid head is wrong usage', async t => {
  const deployment = await deploy(t)
  for (const head of ['', 'abc', 'z'.repeat(64), 'a'.repeat(65)]) t.match(await run(deployment, '--head', head), { code: 2, stderr: /hexadecimal/ })
})

async function run (settings: Partial<Deployment>, ...args: string[]) {
  return await runCommand(settings, ['audit-verify', ...args])
}
