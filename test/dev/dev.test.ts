import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t from 'tap'
import { spawnGuarded } from '../../dev/processes/guarded.ts'
import { freePort, isOpen } from '../../dev/services/ports.ts'
import { readPage } from '../docs/page.ts'
import { deploy, password } from '../support/helper.ts'
import { openOnce } from '../support/once.ts'
import { debianProgram, runProgram } from '../support/outside/debian-program.ts'

const readme = readPage('README.md')
const ownPage = 'http://localhost:5173'
const curl = await debianProgram('curl', ['curl'])
const shared = openOnce(() => runDev({ ALLOWED_ORIGINS: ownPage }))

t.test('the addresses that npm run dev prints are those of the deployment that it serves', async t => {
  const { printed, port } = await shared()
  const origin = `http://localhost:${port}`

  t.match(printed, { API: `${origin}/api/v1`, DOCS: `${origin}/docs`, EXAMPLE: `${origin}/example` })
  t.equal((await fetch(printed['EXAMPLE'] ?? '')).status, 200)
  t.equal((await fetch(printed['DOCS'] ?? '')).status, 200)
  const options = await fetch(`${printed['API']}/auth/login/passkey/options`, { method: 'POST' })
  t.match(await options.text(), '"rpId":"localhost"', 'a page at these addresses may use its passkeys')
})

t.test('the README shows the lines that npm run dev prints', async () => {
  const { printed, port } = await shared()
  const shown = Object.fromEntries([...readFileSync('README.md', 'utf8').matchAll(/^([A-Z_]+)=(http:.+)$/gm)].map(([, name, value]) => [name, value]))

  for (const name of ['API', 'DOCS', 'EXAMPLE']) t.equal(shown[name]?.replace(':3000', `:${port}`), printed[name])
})

t.test('a page of one’s own is allowed beside the addresses of npm run dev, and no other', async t => {
  const { printed, port } = await shared()
  const refresh = async (origin: string) => (await fetch(`${printed['API']}/auth/refresh`, {
    method: 'POST', headers: { origin, cookie: '__Host-refresh=none' }
  })).json()

  for (const origin of [ownPage, `http://localhost:${port}`, `http://127.0.0.1:${port}`]) {
    t.match(await refresh(origin), { status: 401 }, origin)
  }
  t.match(await refresh('http://localhost:5174'), { status: 403, code: 'csrf' })
})

t.test('the commands of the README work as they are pasted, and more people may sign up', { skip: curl.missing }, async t => {
  const { printed, issuerOf, paste } = await shared()
  const commands = readme.block('sh', 'Sign up.')

  const { code, output } = await paste(`${commands}\necho "access: $ACCESS"`)
  t.equal(code, 0, output)
  t.match(output, /"full_name":"Ada King"/)
  t.match(output, /"code":"session_ended".*"reason":"signed_out"/)
  t.equal(issuerOf(/access: (\S+)/.exec(output)?.[1]), new URL(printed['API'] ?? '').origin, 'services verify its tokens under this name')

  for (const email of ['1', '2', '3', '4', '5'].map(name => `${name}@example.com`)) {
    t.equal((await register(printed, email)).status, 201, email)
  }
})

t.test('an answer without what a command of the README looks for is shown', { skip: curl.missing }, async t => {
  const { paste } = await shared()
  const functions = readme.block('sh', 'Sign up.').split('\n').filter(line => /^\w+(=| \(\))/.test(line)).slice(0, 4).join('\n')

  const { output } = await paste(`${functions}\nID=$(call $API/auth/register -d '{"email":"nobody"}' | field registration_id); echo "id: $ID."`)
  t.match(output, /code: 'invalid_request'/)
  t.match(output, 'id: .')
})

t.test('a port that another program has on one of the addresses of localhost is not used', async t => {
  const port = await freePort()
  const other = createServer().listen(port, '::1')
  t.teardown(() => other.close())
  const isThere = await new Promise(resolve => other.once('listening', () => resolve(true)).once('error', () => resolve(false)))
  if (!isThere) return t.pass('there is no IPv6 here')

  await t.rejects(runDev({ PORT: String(port) }, t), /PORT \d+ is taken/)
})

/** `npm run dev` on the stores of the tests, as soon as it has printed its addresses. */
async function runDev (settings: Record<string, string>, test: Pick<typeof t, 'teardown'> = t) {
  const { DATABASE_URL, DATABASE_DIRECT_URL, REDIS_URL, REDIS_KEY_PREFIX } = await deploy(test)
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-dev-'))
  const dev = await spawnGuarded([process.execPath, '--import', 'tsx', 'dev/dev.ts'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL,
      DATABASE_DIRECT_URL,
      REDIS_URL,
      REDIS_KEY_PREFIX,
      DATA_DIR: dataDir,
      PORT: String(await freePort()),
      DB_STATEMENT_TIMEOUT: '30s',
      ...settings
    },
    output: 'pipe'
  })
  test.teardown(dev.stop)
  let output = ''
  await new Promise<void>((resolve, reject) => {
    for (const stream of [dev.stdout, dev.stderr]) {
      stream?.on('data', chunk => {
        output += chunk
        if (/^curl .*\n/m.test(output)) resolve()
      })
    }
    dev.exited.then(code => reject(new Error(`It ended with ${code}: ${output}`)), reject)
  })
  const printed = Object.fromEntries([...output.matchAll(/^([A-Z_]+)=(.+)$/gm)].map(([, name = '', value = '']) => [name, value]))
  const { port } = new URL(printed['API'] ?? '')
  // Where others work as well, the start may take longer than the addresses wait for it.
  for (let tries = 0; tries < 600 && !await isOpen(Number(port)); tries++) await pause(100)
  return { printed, port, issuerOf, paste }

  /** Runs commands of the README in a terminal beside it, once the mail that they read has been sent. */
  async function paste (commands: string) {
    const script = commands
      .replaceAll('http://localhost:3000/api/v1', String(printed['API']))
      .replaceAll('.data/', `${dataDir}/`)
      .replace('sleep 1;', `for i in $(seq 300); do ls ${dataDir}/mails/*.eml >&- 2>&- && break; sleep 0.1; done;`)
    return await runProgram({ path: 'bash', env: { ...curl.env, PATH: process.env['PATH'] } }, ['-c', script])
  }
}

async function register ({ API }: Record<string, string>, email: string) {
  const body = JSON.stringify({ email, password, full_name: 'Ada King' })
  return await fetch(`${API}/auth/register`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}

/** The claim `iss` of a token. */
function issuerOf (token = '') {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).iss
}
