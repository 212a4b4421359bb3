import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import t from 'tap'
import { program } from '../../dev/processes/program.ts'
import { startRedis } from '../../dev/services/services.ts'
import { signInAs } from '../support/accounts/roles.ts'
import { connect } from '../support/database.ts'
import { as, deploy, refresh, signIn, signUp, start } from '../support/helper.ts'
import type { Deployment } from '../support/helper.ts'
import { debianProgram } from '../support/outside/debian-program.ts'
import { startMailServer } from '../support/outside/mail-server.ts'
import { sealsOf } from '../support/trail/audit-seals.ts'
import { until } from '../support/until.ts'

const page = readFileSync('docs/incidents.md', 'utf8')
const blocks = [...page.matchAll(/```(sh|sql)\n([^]*?)```/g)].map(([, language = '', text = '']) => ({ language, text }))
const curl = await debianProgram('curl', ['curl'])
const run = new Set<string>()
const key = () => randomBytes(32).toString('base64')

t.test('ENCRYPTION_KEY is exchanged step by step, and nobody is signed out', async t => {
  t.match(page, 'set `OLD,NEW`, restart the nodes; set `NEW,OLD`, restart; after `SESSION_TTL` run `latchkey clean-up`, set `NEW`, restart')
  const deployment = await deploy(t)
  const [old, next] = [deployment.ENCRYPTION_KEY, key()]
  const before = await nodeWith(old)
  const account = await signUp(before)
  let token = (await signIn(before, account)).refresh_token

  const first = await nodeWith(`${old},${next}`)
  token = await renewed(first)
  t.equal((await refresh(before, token)).statusCode, 200, 'a node that has not been restarted takes its tokens')
  const second = await nodeWith(`${next},${old}`)
  token = await renewed(second)
  t.equal((await refresh(first, token)).statusCode, 200)
  token = await renewed(second)
  const last = await nodeWith(next)
  t.equal((await refresh(last, token)).statusCode, 200)
  t.ok((await signIn(last, account)).access_token, 'and the new key alone signs')

  async function nodeWith (ENCRYPTION_KEY: string) {
    return await start(t, { ...deployment, ENCRYPTION_KEY }, { workers: false })
  }

  async function renewed (node: typeof before) {
    const answer = await refresh(node, token)
    t.equal(answer.statusCode, 200, 'a session of before goes on')
    return answer.json().refresh_token
  }
})

t.test('the password of Redis is exchanged while nodes run', async t => {
  const redis = await startRedis({ dataDir: join(mkdtempSync(join(tmpdir(), 'incident-')), 'redis'), durable: false })
  t.teardown(redis.stop)
  const deployment = await deploy(t, { REDIS_URL: redis.redisUrl })
  const old = await start(t, deployment, { workers: false })
  const { refresh_token: token } = await signIn(old)
  const next = randomBytes(16).toString('hex')
  const env = { ...redis.env, PATH: [dirname(redis.cli), redis.env['PATH'], process.env['PATH']].join(delimiter), REDISCLI_AUTH: redis.password }
  const at = (text: string) => text.replaceAll('redis-cli', `redis-cli -p ${redis.port}`).replaceAll('NEW_PASSWORD', next).replaceAll('OLD_PASSWORD', redis.password)

  t.match(await shell(at(block('sh', 'default >')), env), { code: 0, output: /^OK$/m })
  const REDIS_URL = Object.assign(new URL(redis.redisUrl), { password: next }).href
  const renewed = await start(t, { ...deployment, REDIS_URL }, { workers: false })
  const first = await refresh(old, token)
  t.equal(first.statusCode, 200, 'a node with the old password works on')
  t.match(await shell(at(block('sh', 'default <')), env), { code: 0, output: /^OK$/m })
  t.equal((await refresh(renewed, first.json().refresh_token)).statusCode, 200, 'and one with the new password')
  await t.rejects(start(t, deployment, { workers: false }), 'the old password opens nothing any more')
})

t.test('the login of the database is exchanged by the statements of the page', async t => {
  const deployment = await deploy(t)
  const owner = connect(t, deployment.DATABASE_DIRECT_URL, { max: 1 })
  const [old, next, password] = [`old_${randomBytes(4).toString('hex')}`, `new_${randomBytes(4).toString('hex')}`, randomBytes(12).toString('hex')]
  const at = (text: string) => text.replaceAll('OLD_LOGIN', old).replaceAll('NEW_LOGIN', next).replaceAll('NEW_PASSWORD', password)
  t.teardown(() => owner`drop role if exists ${owner(next)}`)

  await owner.unsafe(`create role ${old} login in role latchkey_runtime`)
  await owner.unsafe(at(block('sql', 'create role')))
  const url = Object.assign(new URL(deployment.DATABASE_URL), { username: next, password }).href
  const app = await start(t, { ...deployment, DATABASE_URL: url }, { workers: false })
  await owner.unsafe(at(block('sql', 'drop role')))
  t.ok((await signIn(app)).access_token)
})

t.test('after a break-in', { skip: curl.missing }, async t => {
  const server = await startMailServer(t)
  const deployment = await deploy(t, { SMTP_URL: server.url })
  const app = await start(t, deployment)
  const account = await signUp(app)
  const { access_token: access, refresh_token: token } = await signIn(app, account)
  const admin = await signInAs(app, 'super_admin')
  const folder = mkdtempSync(join(tmpdir(), 'incident-'))
  writeFileSync(join(folder, 'ADMIN_TOKEN'), `Authorization: Bearer ${admin.access_token}\n`)
  writeFileSync(join(folder, 'breach.md'), '# Your data was read\n\nSomebody has read it.\n')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  const kept = await command(deployment, folder, block('sh', 'audit-verify').replaceAll('https://auth.example.com', url))
  t.match(kept, { code: 0 }, 'what there is is kept')
  t.match(JSON.parse(readFileSync(join(folder, 'audit-verify.json'), 'utf8')), { sound: true })
  const events = readFileSync(join(folder, 'audit-trail.ndjson'), 'utf8').trim().split('\n').map(line => JSON.parse(line))
  t.ok(events.some(({ event }) => event === 'authn_login_success'))

  const { output } = await command(deployment, folder, 'latchkey create-service billing --json')
  const service = await command(deployment, folder, block('sh', 'revoke-service').replaceAll('OLD_ID', String(JSON.parse(output).id)))
  t.match(service, { code: 0, output: /1 credential is revoked\. It has 1 left\./ })

  t.match(page, 'set a new key *alone*, run `latchkey rotate-keys --compromised` with it, *then* restart all nodes')
  t.match(page, /set a new `ENCRYPTION_KEY` alone[^]*Restart no node yet[^]*rotate-keys --compromised[^]*Now restart all nodes/)
  const renewed: Deployment = { ...deployment, ENCRYPTION_KEY: key() }
  const early = await start(t, renewed)
  t.equal(await readyAt(early), 503, 'a node that is restarted before the command')
  t.match(early.keyring.problem, /does not decrypt the signing keys/)
  const shut = await command(renewed, folder, block('sh', '--compromised'))
  t.match(shut, { code: 0, output: /All signing keys have been replaced.*\nThe audit trail goes on with seal \d+, .*\nEverybody is signed out\./ })
  await until(async () => await readyAt(early) === 200)
  await until(async () => (await as(app, access, 'GET', '/auth/check')).statusCode !== 204)
  t.not((await refresh(app, token)).statusCode, 200, 'a node that was not restarted takes no token')
  const node = await start(t, renewed)
  await until(async () => await readyAt(node) === 200)
  t.equal((await as(node, access, 'GET', '/auth/check')).statusCode, 401)
  t.equal((await refresh(node, token)).statusCode, 401)
  t.ok((await signIn(node, account)).access_token, 'and everybody can sign in again')

  await sealsOf(node).seal()
  const again = JSON.parse((await command(renewed, folder, 'latchkey audit-verify --json')).output)
  t.match(again, { sound: true, unsealed: 0, foreign_seals: [{ first: 1 }] }, 'the trail is sealed on under the new key')

  t.match(await command(renewed, folder, block('sh', 'notify')), { code: 0, output: /It goes to \d+ users\./ })
  await until(() => server.mails.some(({ raw, to }) => to[0] === account.email && raw.includes('Subject: Your data was read')))
})

t.test('no block of the page is left out', { skip: curl.missing }, async t => {
  t.strictSame(blocks.map(({ text }) => text).filter(text => !run.has(text)), [])
})

/** What a node answers to who asks whether it is ready; it listens from the first question on. */
async function readyAt (node: Awaited<ReturnType<typeof start>>) {
  if (!node.server.listening) await node.listen({ host: '127.0.0.1', port: 0 })
  return (await node.inject('/health/ready')).statusCode
}

/** The block of the page in a language that contains a text. */
function block (language: string, text: string) {
  const [found, ...more] = blocks.filter(block => block.language === language && block.text.includes(text))
  if (found === undefined || more.length > 0) throw new Error(`docs/incidents.md has not one block with "${text}"`)
  run.add(found.text)
  return found.text
}

/** Runs a script in a folder where `latchkey` is this program, with the settings of a deployment. */
async function command (settings: Deployment, folder: string, script: string) {
  const files = program('cli.ts').map(path => path.endsWith('s') ? resolve(path) : path)
  const bin = join(folder, 'latchkey')
  writeFileSync(bin, `#!/bin/sh\nexec ${process.execPath} ${files.join(' ')} "$@"\n`)
  chmodSync(bin, 0o755)
  return await shell(script, { ...curl.env, ...settings, HOME: folder, PATH: [folder, curl.env['PATH']].join(delimiter) }, folder)
}

async function shell (script: string, env: NodeJS.ProcessEnv, cwd = tmpdir()) {
  return await new Promise<{ code: number, output: string }>(resolve => {
    execFile('sh', ['-ec', script], { env, cwd }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` })
    })
  })
}
