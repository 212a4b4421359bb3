import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import postgres from 'postgres'
import t from 'tap'
import type { Test } from 'tap'
import { spawnGuarded } from '../../dev/guarded.ts'
import { freePort } from '../../dev/ports.ts'
import { program } from '../../dev/program.ts'
import { startPostgres } from '../../dev/services.ts'
import { until } from '../failure/nodes.ts'
import { debianPostgres } from '../support/debian-postgres.ts'
import { password } from '../support/helper.ts'

const page = readFileSync('docs/setup.md', 'utf8')
const install = 'npm ci && npm run build && npm prune --omit=dev'

t.test('the commands of the page lead from a new Postgres to an administrator who can sign in', { timeout: 120_000 }, async t => {
  const { superuserUrl, superuser } = await newPostgres(t)
  const folder = mkdtempSync(join(tmpdir(), 'setup-'))
  const port = String(await freePort())
  const env = { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', PORT: port, REDIS_KEY_PREFIX: `test:${randomBytes(6).toString('hex')}:` }
  const mine = personalise(superuserUrl)

  for (const statement of mine(block('sql', 'create role')).split(/;\s*/).filter(Boolean)) await superuser.unsafe(statement)
  await shell(mine(block('sh', '.env.production')))
  t.equal(statSync(join(folder, '.env.production')).mode & 0o077, 0, 'nobody else can read the settings')
  t.match(await shell(block('sh', ' migrate')), { code: 0, stdout: /is now at version \d+/ })
  t.match(await shell(block('sh', 'create-admin'), `${password}\n`), { code: 0, stdout: /ada@example\.com is a super_admin now/ })

  t.equal(block('sh', 'npm start').trim(), 'npm start')
  const server = await spawnGuarded([process.execPath, ...compiled('server.ts')], { cwd: folder, env, output: 'pipe' })
  t.teardown(() => server.kill())
  let output = ''
  for (const stream of [server.stdout, server.stderr]) stream?.on('data', chunk => { output += String(chunk) })
  const [url = ''] = /http:\S+/.exec(block('sh', 'curl')) ?? []
  await until(async () => (await fetch(url.replace('3000', port)).catch(() => null))?.status === 200, 30_000, () => output)

  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'auth.example.com' },
    body: JSON.stringify({ email: 'ada@example.com', password })
  })
  t.match({ status: answer.status, body: await answer.json() }, { status: 200, body: { user: { full_name: 'Ada King', role: 'super_admin' } } })
  t.notMatch(output, /"level":(50|60)|owner of the tables/, 'the server complains of nothing, and does not own the tables')

  /** Runs a block in the folder of the deployment; returns how it ended. */
  async function shell (script: string, typed = '') {
    const [cli] = compiled('cli.ts')
    return await new Promise<{ code: number, stdout: string, stderr: string }>(resolve => {
      const child = execFile('sh', ['-ec', script.replaceAll('dist/cli.js', `'${cli}'`)], { cwd: folder, env }, (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), stdout, stderr })
      })
      child.stdin?.end(typed)
    })
  }
})

t.test('no block of the page is left out here', async t => {
  const marks = ['create role', '.env.production', ' migrate', 'create-admin', 'npm start', 'curl']
  const blocks = [...page.matchAll(/```(?:sh|sql)\n([^]*?)```/g)].map(([, text = '']) => text.trim())
  t.strictSame(blocks.filter(text => text !== install && !marks.some(mark => text.includes(mark))), [])
})

/** The block of the page in a language that contains a text. */
function block (language: 'sh' | 'sql', text: string) {
  const found = [...page.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, code = '']) => code).filter(code => code.includes(text))
  if (found.length !== 1 || found[0] === undefined) throw new Error(`docs/setup.md has ${found.length} blocks with "${text}"`)
  return found[0]
}

/** Puts passwords in place of those of the page, and the addresses of this test's stores. */
function personalise (superuserUrl: string) {
  const passwords = { OWNER_PASSWORD: randomBytes(24).toString('hex'), APP_PASSWORD: randomBytes(24).toString('hex') }
  const redis = process.env['LATCHKEY_TEST_REDIS_URL'] ?? ''
  return (text: string) => text
    .replaceAll('OWNER_PASSWORD', passwords.OWNER_PASSWORD)
    .replaceAll('APP_PASSWORD', passwords.APP_PASSWORD)
    .replaceAll('127.0.0.1:5432', new URL(superuserUrl).host)
    .replaceAll('redis://127.0.0.1:6379', redis)
}

/** A Postgres as a package leaves it: a superuser and nothing else. Debian's own, where there is one. */
async function newPostgres (t: Pick<Test, 'teardown'>) {
  const programs = (await debianPostgres())?.programs
  const server = await startPostgres({ dataDir: join(mkdtempSync(join(tmpdir(), 'setup-')), 'postgres'), durable: false, ...(programs && { programs }) })
  t.teardown(server.stop)
  const superuser = postgres(server.superuserUrl, { max: 1, onnotice: () => {} })
  t.teardown(() => superuser.end({ timeout: 1 }))

  await superuser`drop database latchkey`
  for (const role of ['latchkey_app', 'latchkey_runtime', 'latchkey_owner']) {
    await superuser.unsafe(`drop owned by ${role} cascade`)
    await superuser.unsafe(`drop role ${role}`)
  }
  return { superuserUrl: server.superuserUrl, superuser }
}

function compiled (file: string) {
  return program(file).map(path => resolve(path))
}
