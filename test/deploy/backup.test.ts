import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync,
  truncateSync, writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { compiledProgram } from '../../dev/processes/program.ts'
import { debianPostgres } from '../../dev/services/debian-postgres.ts'
import { postgresIn } from '../../dev/services/postgres-binaries.ts'
import { startPostgres } from '../../dev/services/services.ts'
import { ownPostgres } from '../failure/nodes.ts'
import { connect } from '../support/database.ts'
import { deploy, signIn, signUp, start } from '../support/helper.ts'
import { debianProgram, runProgram } from '../support/outside/debian-program.ts'
import { sealsOf } from '../support/trail/audit-seals.ts'

// The scripts of deploy/backup as an operator runs them, with Debian's age and Debian's Postgres.

const debian = await debianPostgres()
const age = await debianProgram('age', ['age'])
const keygen = await debianProgram('age-keygen', ['age'])
const shellcheck = await debianProgram('shellcheck', ['shellcheck'])
const analyze = await debianProgram('systemd-analyze', ['systemd'])
const cli = compiledProgram('cli.ts')
const skip = (debian === null && 'pg_dump comes from Debian here') || age.missing || (cli === undefined && 'the command line is compiled by npm test')
const hourMs = 3_600_000
const guide = readFileSync('docs/backups.md', 'utf8')

t.test('a backup of a deployment', { skip }, async t => {
  const { folder, backups, email, password, backup, drill, said } = await prepare(t)

  const made = await backup()
  t.match(made, { code: 0, output: /latchkey-\d{8}T\d{6}Z is complete: .*, \d+ tables\.\n/ })
  t.match(made.output, 'no backup has been proven by restore-drill.sh yet, so none is removed')
  const [name = ''] = readdirSync(backups)
  t.strictSame(readdirSync(backups), [name], 'nothing else lies there')
  const files = readdirSync(join(backups, name))
  t.strictSame(files, ['SHA256SUMS', 'database.dump.age', 'manifest.age', 'roles.sql.age'])

  await t.test('is restored, counted, migrated and verified by the drill, which leaves nothing behind', async t => {
    const restored = await drill()
    t.match(restored, { code: 0, output: /is good: it was restored, its rows are those of the dump, its audit trail is sound/ })
    t.match(restored.output, /The database is at version \d+\.\nThe audit trail is sound: [1-9]\d* events, 1 seals\./)
    t.ok(existsSync(join(backups, name, 'RESTORED')))
    t.strictSame(readdirSync(join(folder, 'tmp')), [], 'what was restored is gone')
  })

  await t.test('is restored where secrets are in files, with the one file that the drill needs as a credential', async t => {
    const settings = readFileSync(join(folder, 'settings'), 'utf8')
    const file = join(folder, 'settings-with-files')
    const key = join(folder, 'encryption-key')
    writeFileSync(file, settings.replace(/^ENCRYPTION_KEY=.*$/m, 'export ENCRYPTION_KEY_FILE="/run/gone/key"\nOPERATIONS_TOKEN_FILE=/run/gone/token'))
    writeFileSync(key, keysOf(folder).join())

    const refused = await drill({ LATCHKEY_SETTINGS: file })
    t.match(refused, { code: 1, output: /FAILED\. ENCRYPTION_KEY_FILE names \/run\/gone\/key, which .* cannot read: .*docs\/backups\.md/ })
    t.notMatch(refused.output, 'It is restored', 'which is found before anything is restored')
    t.match(await drill({ LATCHKEY_SETTINGS: file, ENCRYPTION_KEY_FILE: key }), { code: 0, output: /is good/ })
  })

  await t.test('shows no password and no key to ps', async t => {
    const text = said()
    for (const tool of ['age', 'pg_dump', 'pg_dumpall', 'psql', 'pg_restore', 'node']) t.match(text, `/${tool} `)
    for (const secret of [password, readFileSync(join(folder, 'backup-identity'), 'utf8').split('\n').at(-2) ?? '', ...keysOf(folder)]) {
      t.ok(secret.length > 15)
      t.notOk(text.includes(secret))
    }
  })

  await t.test('tells nothing without its key', async t => {
    const bytes = files.map(file => readFileSync(join(backups, name, file), 'latin1')).join('')
    t.notOk(bytes.includes(email) || bytes.includes('PGDMP') || bytes.includes('latchkey_app'))
    t.match(await drill({ BACKUP_IDENTITY: join(folder, 'other-identity') }), { code: 1, output: /FAILED\. .*cannot be decrypted with .*other-identity: that is another key/ })
  })

  await t.test('is found out when the trail does not hold a head that was kept elsewhere', async t => {
    t.match(await drill({ AUDIT_HEAD: 'ab'.repeat(32) }), { code: 1, output: /FAILED\. The audit trail in .* is not sound/ })
    t.strictSame(readdirSync(join(folder, 'tmp')), [])
  })

  await t.test('is found out when it was damaged, changed, exchanged or is too old, before anything is restored', async t => {
    const file = (copy: string, name: string) => join(copy, name)
    const cases: [string, (copy: string) => string | void, RegExp][] = [
      ['truncated', copy => truncateSync(file(copy, 'database.dump.age'), 4000), /is damaged: a file is not what its checksum says, or is missing/],
      ['a file is missing', copy => rmSync(file(copy, 'roles.sql.age')), /is damaged/],
      ['changed, with new checksums', copy => change(copy, 'manifest.age'), /cannot be decrypted .* or the file was changed/],
      ['another dump, with new checksums', copy => change(copy, 'database.dump.age'), /holds files of another backup/],
      ['renamed, so that it looks newer', copy => rename(copy, new Date(Date.now() - 60_000)), /is not what its name says: it was taken at/],
      ['too old', copy => rename(copy, new Date(Date.now() - 27 * hourMs)), /is older than 26 hours: none has been made since/],
      ['there is none', copy => rmSync(copy, { recursive: true }), /There is no backup in/]
    ]
    for (const [what, spoil, sentence] of cases) {
      const others = mkdtempSync(join(folder, 'spoilt-'))
      const copy = join(others, name)
      cpSync(join(backups, name), copy, { recursive: true })
      rmSync(join(copy, 'RESTORED'))
      spoil(copy)
      const { code, output } = await drill({ BACKUP_FOLDER: others })
      t.equal(code, 1, what)
      t.match(output, sentence, what)
      t.match(output, /^restore-drill: FAILED\. /m)
      t.notOk(readdirSync(others).some(found => existsSync(join(others, found, 'RESTORED'))), `${what}: it does not count as proven`)
    }
  })

  await t.test('comes back by the commands of the page', async t => {
    const { programs = '', env } = debian ?? {}
    const fresh = await startPostgres({ dataDir: join(folder, 'fresh'), durable: false, programs })
    t.teardown(fresh.stop)
    const superuser = connect(t, fresh.superuserUrl, { max: 1 })
    await superuser`drop database latchkey`
    const { port, password } = new URL(fresh.superuserUrl)
    const commands = block('sh', 'pg_restore').replaceAll('BACKUP', join(backups, name)).replaceAll('KEY', join(folder, 'backup-identity'))
    const { code, output } = await execute(['sh', '-ec', commands], {
      ...env,
      PATH: [programs, age.env['PATH'], env?.['PATH']].join(delimiter),
      PGHOST: '127.0.0.1',
      PGPORT: port,
      PGUSER: 'postgres',
      PGPASSWORD: password
    })
    t.equal(code, 0, output)
    const users = await connect(t, fresh.databaseDirectUrl, { max: 1 })`select email from users where email = ${email}`
    t.equal(users.length, 1)
  })

  await t.test('is removed when it is old, but never the last that was proven', async t => {
    const others = mkdtempSync(join(folder, 'kept-'))
    const now = Date.now()
    const days = (number: number) => nameAt(new Date(now - number * 24 * hourMs))
    const put = (number: number) => cpSync(join(backups, name), join(others, days(number)), { recursive: true })
    for (const number of [90, 60, 45, 40, 20]) put(number)
    for (const number of [40, 20]) rmSync(join(others, days(number), 'RESTORED'))
    truncateSync(join(others, days(45), 'database.dump.age'), 100)
    const ours = [days(60), days(20)]
    mkdirSync(join(others, 'latchkey-of-somebody'))

    t.match(await backup({ BACKUP_FOLDER: others }), { code: 0, output: /is removed, it is older than 30 days/ })
    const left = readdirSync(others).filter(found => found < nameAt(new Date(Date.now() - hourMs)) || found.endsWith('body'))
    t.strictSame(left.sort(), [...ours, 'latchkey-of-somebody'].sort(), 'of those that are intact, 60 days is the newest that was proven')
    t.equal(readdirSync(others).length, 4, 'and the new one')
  })

  await t.test('that cannot be made leaves nothing, and removes nothing', async t => {
    const others = mkdtempSync(join(folder, 'kept-'))
    cpSync(join(backups, name), join(others, nameAt(new Date(0))), { recursive: true })
    const before = readdirSync(others)
    const cases: [NodeJS.ProcessEnv, RegExp][] = [
      [{ PGUSER: 'nobody_here' }, /^backup: Postgres cannot be read; the line above says why\.$/m],
      [{ PGUSER: 'latchkey_app' }, /^backup: The rows cannot be counted; .* pg_read_all_data and bypassrls\.$/m],
      [{ BACKUP_RECIPIENTS: join(folder, 'gone') }, /^backup: Nothing was backed up; the lines above say why/m],
      [{ BACKUP_KEEP_DAYS: '0' }, /^backup: BACKUP_KEEP_DAYS must be a number of days, 1 or more\.$/m]
    ]
    for (const [env, sentence] of cases) {
      const { code, output } = await backup({ BACKUP_FOLDER: others, ...env })
      t.equal(code, 1)
      t.match(output, sentence)
      t.strictSame(readdirSync(others), before)
    }
  })

  await t.test('on a full disk has no final name', { skip: await cannotMount() }, async t => {
    const disk = mkdtempSync(join(folder, 'disk-'))
    const { code, output } = await backup({ BACKUP_FOLDER: disk }, ['unshare', '-Urm', 'bash', '-c',
      `mount -t tmpfs -o size=64k none ${disk} && "$0"; code=$?; echo "left: $(ls -A ${disk})"; exit $code`])
    t.equal(code, 1)
    t.match(output, /No space left on device/i)
    t.match(output, /^backup: Nothing was backed up; .*full disk/m)
    t.match(output, /^left: $/m)
  })
})

t.test('shellcheck finds no fault with the scripts', { skip: shellcheck.missing }, async t => {
  t.match(await runProgram(shellcheck, ['deploy/backup/backup.sh', 'deploy/backup/restore-drill.sh']), { code: 0, output: '' })
})

t.test('systemd accepts the units, and they leave the scripts few rights', { skip: analyze.missing }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'units-'))
  for (const name of ['latchkey-backup', 'latchkey-restore-drill']) {
    for (const kind of ['service', 'timer']) {
      const text = readFileSync(`deploy/backup/${name}.${kind}`, 'utf8')
      writeFileSync(join(folder, `${name}.${kind}`), text.replaceAll('/opt/latchkey/deploy/backup', resolve('deploy/backup')))
    }
    const files = ['service', 'timer'].map(kind => join(folder, `${name}.${kind}`))
    t.match(await runProgram(analyze, ['verify', '--man=no', ...files]), { code: 0, output: '' })
    const { code, output } = await runProgram(analyze, ['security', '--offline=yes', '--no-pager', '--threshold=20', files[0] ?? ''])
    t.equal(code, 0, output)
    const [, calendar = ''] = /^OnCalendar=(.*)$/m.exec(readFileSync(files[1] ?? '', 'utf8')) ?? []
    t.match(await runProgram(analyze, ['calendar', '--iterations=2', calendar]), { code: 0, output: /(Iteration|Iter\.) #2/ })
  }
})

t.test('the units set what the scripts ask for', async t => {
  const given = ['backup.env', 'latchkey-backup.service', 'latchkey-restore-drill.service'].map(name => readFileSync(`deploy/backup/${name}`, 'utf8')).join('\n')
  for (const script of ['backup', 'restore-drill']) {
    const asked = [...readFileSync(`deploy/backup/${script}.sh`, 'utf8').matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name = '']) => name)
    t.ok(asked.length >= 2)
    for (const name of asked) t.match(given, new RegExp(`(^|[ =])${name}=`, 'm'))
  }
})

t.test('the drill restores onto a disk of its own: /tmp may be memory, where a database has no room', async t => {
  const unit = readFileSync('deploy/backup/latchkey-restore-drill.service', 'utf8')
  const settings = readFileSync('deploy/backup/backup.env', 'utf8')
  t.match(unit, /^Environment=TMPDIR=\/var\/tmp$/m)
  // A /var/tmp that no other unit sees, that can be written to, and that goes with the unit; "disconnected" is memory.
  t.match(unit, /^PrivateTmp=yes$/m)
  t.notMatch(settings, /^TMPDIR=/m, 'a setting of this file would win')
  t.match(readFileSync('deploy/backup/restore-drill.sh', 'utf8'), /^ {2}work=\$\(mktemp -d\)$/m)
})

t.test('whoever restores stops the nodes before anything is restored, and gives every role its password', async t => {
  const [, steps = ''] = /^## Restoring$([^]*?)^## /m.exec(readFileSync('docs/backups.md', 'utf8')) ?? []
  const at = (text: string) => {
    t.match(steps, text)
    return steps.indexOf(text)
  }
  const stops = ['systemctl disable --now latchkey@3000 latchkey@3001', 'docker compose stop latchkey-1 latchkey-2', 'kubectl scale deployment/latchkey --replicas=0', 'pm2 stop latchkey']
  for (const stop of stops) t.ok(at(stop) < at('createdb'), stop)
  for (const role of ['latchkey_owner', 'latchkey_app', 'latchkey_backup']) at(`\\password ${role}`)
  t.ok(at('latchkey sign-out-everyone') < at('Start the nodes'))
})

/** A deployment on a Postgres of its own, and the scripts with what they need. */
async function prepare (t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'b-'))
  const backups = join(folder, 'backups')
  for (const name of ['tmp', 'bin', 'backups']) mkdirSync(join(folder, name))
  const deployment = await deploy(t, { ISSUER_URL: 'https://auth.example.com' })
  const { programs = '', env } = debian ?? {}
  const own = await ownPostgres(t, deployment.REDIS_URL, { durable: false, programs, dataDir: join(folder, 'postgres') })
  const password = 'backup-password-0123456789'
  const page = (text: string) => text.replaceAll('BACKUP_PASSWORD', password).replaceAll('/etc/latchkey', folder)
  await connect(t, own.postgres.superuserUrl, { max: 1 }).unsafe(page(block('sql', 'create role')))

  const { DB_STATEMENT_TIMEOUT } = deployment
  const app = await start(t, { ...deployment, ...own.settings, DB_STATEMENT_TIMEOUT }, { workers: false })
  const { email } = await signUp(app)
  await signIn(app)
  await sealsOf(app).seal()
  await app.close()

  writeFileSync(join(folder, 'settings'), `ENCRYPTION_KEY=${deployment.ENCRYPTION_KEY}\nISSUER_URL=https://auth.example.com\nDATABASE_URL=postgres://nobody:nothing@db.internal/latchkey\nTRUST_PROXY=127.0.0.1\n`)
  const { port, password: appPassword } = new URL(own.settings.DATABASE_URL)
  const keys = await execute(['sh', '-ec', page(block('sh', 'age-keygen'))], age.env)
  if (keys.code !== 0) throw new Error(keys.output)
  appendFileSync(join(folder, 'backup.pgpass'), `*:*:*:latchkey_app:${appPassword}\n`)
  await execute([keygen.path, '-o', join(folder, 'other-identity')], age.env)

  const log = join(folder, 'arguments')
  record(join(folder, 'bin'), log, [env?.['PATH'], age.env['PATH'], programs, process.env['PATH']].join(delimiter))
  const settings = {
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}`,
    LD_LIBRARY_PATH: [env?.['LD_LIBRARY_PATH'], age.env['LD_LIBRARY_PATH']].filter(Boolean).join(delimiter),
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    BACKUP_FOLDER: backups
  }
  const { prefix = [] } = postgresIn(programs, folder) ?? {}
  return { folder, backups, email, password, backup, drill, said: () => readFileSync(log, 'utf8') }

  async function backup (more: NodeJS.ProcessEnv = {}, within: string[] = []) {
    return await execute([...within, resolve('deploy/backup/backup.sh')], {
      ...settings,
      PGHOST: '127.0.0.1',
      PGPORT: port,
      PGDATABASE: 'latchkey',
      PGUSER: 'latchkey_backup',
      PGPASSFILE: join(folder, 'backup.pgpass'),
      BACKUP_RECIPIENTS: join(folder, 'backup-recipients'),
      ...more
    })
  }

  async function drill (more: NodeJS.ProcessEnv = {}) {
    return await execute([...prefix, resolve('deploy/backup/restore-drill.sh')], {
      ...settings,
      BACKUP_IDENTITY: join(folder, 'backup-identity'),
      LATCHKEY_SETTINGS: join(folder, 'settings'),
      LATCHKEY_CLI: resolve(cli ?? ''),
      ...more
    })
  }
}

/** Programs that write down their arguments and their environment and become the real ones. */
function record (bin: string, log: string, path: string) {
  for (const name of ['age', 'createdb', 'initdb', 'node', 'pg_ctl', 'pg_dump', 'pg_dumpall', 'pg_restore', 'psql']) {
    const real = path.split(delimiter).map(folder => join(folder, name)).find(file => existsSync(file)) ?? name
    writeFileSync(join(bin, name), `#!/bin/sh\n{ printf '%s ' "$0" "$@"; echo; env; } >> ${log}\nexec ${real} "$@"\n`)
    chmodSync(join(bin, name), 0o755)
  }
}

const keysOf = (folder: string) => [...readFileSync(join(folder, 'settings'), 'utf8').matchAll(/ENCRYPTION_KEY=(\S+)/g)].map(([, key = '']) => key)

async function execute ([file = '', ...args]: string[], env: NodeJS.ProcessEnv) {
  return await new Promise<{ code: number, output: string }>(resolve => {
    execFile(file, args, { env }, (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` }))
  })
}

/** The block of the page in a language that contains a text. */
function block (language: 'sh' | 'sql', text: string) {
  const [found, ...more] = [...guide.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, code = '']) => code).filter(code => code.includes(text))
  if (found === undefined || more.length > 0) throw new Error(`docs/backups.md has not one block with "${text}"`)
  return found
}

async function cannotMount () {
  const { code } = await execute(['unshare', '-Urm', 'mount', '-t', 'tmpfs', 'none', tmpdir()], process.env)
  return code === 0 ? false : 'this user may not mount anything here'
}

/** Changes one byte, and makes the checksums fit again. */
function change (copy: string, file: string) {
  const bytes = readFileSync(join(copy, file))
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  writeFileSync(join(copy, file), bytes)
  const sums = readFileSync(join(copy, 'SHA256SUMS'), 'utf8').split('\n').map(line => line.endsWith(file) ? `${digest(bytes)}  ${file}` : line)
  writeFileSync(join(copy, 'SHA256SUMS'), sums.join('\n'))
}

function digest (bytes: Buffer) {
  return createHash('sha256').update(bytes).digest('hex')
}

function rename (copy: string, at: Date) {
  renameSync(copy, join(copy, '..', nameAt(at)))
}

function nameAt (at: Date) {
  return `latchkey-${at.toISOString().replace(/[-:]|\.\d+/g, '')}`
}
