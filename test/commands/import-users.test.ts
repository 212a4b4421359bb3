import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import t from 'tap'
import { createProgressBar } from '../../commands/support/progress-bar.ts'
import { run, runProcess } from '../support/command.ts'
import { connect } from '../support/database.ts'
import { deploy, freshAddress, signIn, start } from '../support/helper.ts'
import { until } from '../support/until.ts'

const secret = 'ExjGmyUT73bFoT'
const hash = hashSync(secret, 4)

t.test('users imported from NDJSON can sign in', async t => {
  const deployment = await deploy(t)
  const email = freshAddress()
  const path = fileOf('users.ndjson', `${JSON.stringify({ email, full_name: 'Ada King', email_verified: true, password_hash: hash })}\n`)

  t.match(await runProcess(deployment, ['import-users', path]), { code: 0, stdout: 'Imported 1 of 1 users; 0 have an account already, 0 refused.\n', stderr: '' })
  t.match(await run(deployment, ['import-users', path, '--json']), { code: 0, stdout: '{"read":1,"imported":0,"skipped":1,"refused":0,"without_password":0}\n', stderr: '' })
  await signIn(await start(t, deployment), { email, password: secret })
})

t.test('refused lines are reported on standard error by number, and none of them is shown', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_URL)
  const email = freshAddress()
  const costly = hash.replace('$04$', '$20$')
  const path = fileOf('users.csv', Buffer.concat([
    Buffer.from(`\ufeffemail,full_name,email_verified,password_hash\r\n${email},"King, Ada",true,${hash}\r\n\r\nnobody,Nobody,true,${hash}\r\n${freshAddress()},Costly,true,${costly}\r\n`),
    Buffer.from([0xff, 0xfe, 13, 10]),
    Buffer.from(`${freshAddress()},Grace,false,${hash}\r\n${freshAddress()},"Alan,true,\r\n${'x'.repeat(70_000)}\r\n${email},Again,true,`)
  ]))
  const trial = await run(deployment, ['import-users', path, '--dry-run'])
  t.equal((await sql`select id from users`).length, 0)
  const result = await run(deployment, ['import-users', path])

  t.equal(result.code, 1)
  t.strictSame(result.stderr.trim().split('\n'), [
    'line 4: email is not an address', 'line 5: password_hash would cost too much to compare: bcrypt of cost 20', 'line 6: is not UTF-8',
    'line 8: has quotes that do not fit', 'line 9: is longer than 16384 bytes', 'line 10: email is the one of line 2'
  ])
  t.equal(result.stdout, 'Imported 2 of 8 users; 0 have an account already, 6 refused.\n1 of those imported have no password here and come in by a reset.\n')
  t.notMatch(result.stdout + result.stderr, /\$2b\$|King|nobody/)
  t.strictSame({ ...trial, stdout: trial.stdout.replace('It would import', 'Imported') }, result, 'the trial said the same')
  t.match(await sql`select full_name from users where email_canonical = ${email}`, [{ fullName: 'King, Ada' }])
})

t.test('standard input and output work too: from one deployment into another', async t => {
  const [from, to] = [await deploy(t), await deploy(t)]
  const email = freshAddress()
  t.match(await runProcess(from, ['import-users', '-'], `email,full_name,email_verified,password_hash\n${email},Ada,1,${hash}\n`), { code: 0 })

  const exported = await runProcess(from, ['export-users', '-'])
  t.match(exported, { code: 0, stderr: '' })
  t.match(JSON.parse(exported.stdout), { email, full_name: 'Ada', role: 'user', email_verified: true, password_hash: hash })
  t.match(await runProcess(to, ['import-users', '-'], exported.stdout), { code: 0, stdout: /Imported 1 of 1/ })
})

t.test('only its owner can read an export, and it overwrites no file', async t => {
  const deployment = await deploy(t)
  await run(deployment, ['import-users', '-'], `{"email":"${freshAddress()}","full_name":"Ada","email_verified":true,"password_hash":"${hash}"}\n`)
  const path = join(mkdtempSync(join(tmpdir(), 'latchkey-export-')), 'users.csv')

  t.match(await run(deployment, ['export-users', path]), { code: 0, stdout: /^1 users are in .*users\.csv, with the hashes/, stderr: '' })
  t.equal(statSync(path).mode & 0o777, 0o600)
  const before = readFileSync(path, 'utf8')
  t.match(before, /^email,full_name,role,locale,created_at,email_verified,password_hash,[^\n]*\n[^\n]+\n$/)

  t.match(await run(deployment, ['export-users', path]), { code: 1, stdout: '', stderr: /EEXIST/ })
  t.equal(readFileSync(path, 'utf8'), before)
})

t.test('an export gets its name when it is whole, so that a killed command leaves nothing that looks like one', async t => {
  const deployment = await deploy(t)
  await run(deployment, ['import-users', '-'], `{"email":"${freshAddress()}","full_name":"Ada","email_verified":true,"password_hash":"${hash}"}\n`)
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-export-'))
  const path = join(folder, 'users.ndjson')
  const lock = await connect(t, deployment.DATABASE_DIRECT_URL).reserve()
  await lock`begin`
  await lock`lock table users in access exclusive mode`

  const exporting = run(deployment, ['export-users', path])
  await until(() => readdirSync(folder).length > 0)
  t.strictSame(readdirSync(folder), ['users.ndjson.partial'])
  t.equal(statSync(`${path}.partial`).mode & 0o777, 0o600)

  await lock`rollback`
  lock.release()
  t.match(await exporting, { code: 0 })
  t.strictSame(readdirSync(folder), ['users.ndjson'])
})

t.test('an error is reported in one line, and nothing is left behind', async t => {
  const deployment = await deploy(t)
  const path = join(mkdtempSync(join(tmpdir(), 'latchkey-export-')), 'users.ndjson')

  t.match(await run(deployment, ['import-users', '/nowhere/users.csv']), { code: 1, stdout: '', stderr: /ENOENT.*\n$/ })
  t.match(await run(deployment, ['import-users', fileOf('users.csv', 'a,b\n1,2\n')]), { code: 1, stdout: '', stderr: /^line 1: the first line of CSV names the columns.*\n$/ })
  const unreachable = { ...deployment, DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/none', DATABASE_DIRECT_URL: 'postgres://nobody:x@127.0.0.1:1/none' }
  t.match(await run(unreachable, ['export-users', path]), { code: 1, stdout: '', stderr: /^.*ECONNREFUSED.*\n$/ })
  t.match(await run(unreachable, ['import-users', fileOf('users.ndjson', '{}\n')]), { code: 1, stdout: '', stderr: /^.*ECONNREFUSED.*\n$/ })
  t.match(await run(deployment, ['import-users', tmpdir()]), { code: 1, stdout: '', stderr: /^EISDIR.*\n$/ })
  t.equal(existsSync(path), false)
  for (const args of [['import-users'], ['export-users'], ['export-users', '-', '--json'], ['import-users', 'a', 'b'], ['import-users', 'a', '--force']]) t.match(await run({}, args), { code: 2, stdout: '' }, args.join(' '))
})

t.test('an import grants power over others only where the operator allows a role that exists', async t => {
  const deployment = await deploy(t)
  const sql = connect(t, deployment.DATABASE_URL)
  const [root, adam, ada] = [freshAddress(), freshAddress(), freshAddress()]
  const lines = ['email,full_name,role', `${root},Root,super_admin`, `${adam},Adam,admin`, `${ada},Ada,accountant`]
  const path = fileOf('users.csv', `${lines.join('\n')}\n`)
  const load = (...options: string[]) => run(deployment, ['import-users', path, ...options])
  const refusal = (line: number) => `line ${line}: role is one that must be allowed by --allow-role\n`

  t.match(await load('--allow-role', 'admiral'), { code: 2, stdout: '', stderr: 'There is no role "admiral".\n' })
  t.equal((await sql`select id from users`).length, 0)

  t.match(await load(), { code: 1, stdout: /^Imported 1 of 3 users;/, stderr: [2, 3].map(refusal).join('') })
  t.match(await sql`select role from users`, [{ role: 'accountant' }])

  t.match(await load('--allow-role=admin'), { code: 1, stdout: /^Imported 1 of 3 users;/, stderr: refusal(2) })
  t.match(await sql`select role from users order by role`, [{ role: 'accountant' }, { role: 'admin' }])
})

t.test('a file without users is no error', async t => {
  const deployment = await deploy(t)
  t.match(await run(deployment, ['import-users', fileOf('users.ndjson', '')]), { code: 0, stdout: /Imported 0 of 0 users/ })
})

t.test('a terminal shows a progress bar below the printed lines, a pipe gets the lines only', t => {
  const [terminal, pipe] = [screen(true), screen(false)]
  for (const { stream } of [terminal, pipe]) {
    const bar = createProgressBar(stream, 200)
    bar.show(100, '1 read')
    bar.print('line 1: is not UTF-8')
    bar.show(200, 'x'.repeat(100))
    bar.clear()
  }
  const half = `\r\x1b[2K[${'#'.repeat(15)}${'.'.repeat(15)}]  50 % 1 read`
  t.equal(terminal.written(), `${half}\r\x1b[2Kline 1: is not UTF-8\n${half}\r\x1b[2K${`[${'#'.repeat(30)}] 100 % ${'x'.repeat(100)}`.slice(0, 59)}\r\x1b[2K`)
  t.equal(pipe.written(), 'line 1: is not UTF-8\n')

  const unknown = screen(true)
  createProgressBar(unknown.stream, null).show(100, '1 read')
  t.equal(unknown.written(), '\r\x1b[2K1 read')
  t.end()
})

function screen (isTTY: boolean) {
  let written = ''
  return {
    stream: {
      isTTY,
      columns: 60,
      write: (text: string | Uint8Array) => {
        written += String(text)
        return true
      }
    },
    written: () => written
  }
}

function fileOf (name: string, content: string | Buffer) {
  const path = join(mkdtempSync(join(tmpdir(), 'latchkey-import-')), name)
  writeFileSync(path, content)
  return path
}
