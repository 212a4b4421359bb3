// Runs clients/dart/test/client.dart with a Dart VM against the real server.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { renderDartModels, renderDartOperations } from '../../../dev/clients/dart-client.ts'
import type { DartDocument } from '../../../dev/clients/dart-client.ts'
import { findDart } from '../../../dev/clients/dart.ts'
import { codeAt, fromBase32 } from '../../support/accounts/factors.ts'
import { build, password, signUp } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'
import { ends, sessionsMax } from '../ends.ts'
import type { Held } from '../ends.ts'

const folder = resolve('clients/dart')
const dart = await findDart().catch((error: Error) => error)
const missing = dart instanceof Error && `there is no Dart here: ${dart.message}`
if (missing) console.error(`Left out: ${missing}`)

const shared = openOnce(() => build(t, { DOCS_ENABLED: 'true', SECURITY_CONTACT: 'mailto:security@example.com', SESSIONS_MAX: String(sessionsMax) }))

t.test('the calls and the answers in the repository are those generated from this server', async t => {
  const document = (await shared()).swagger() as DartDocument
  const read = (file: string) => readFileSync(`${folder}/lib/src/generated/${file}`, 'utf8')

  t.equal(renderDartModels(document), read('models.dart'), 'if not: npm run client')
  t.equal(renderDartOperations(document), read('operations.dart'), 'if not: npm run client')
})

t.test('its version is the server’s', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.match(readFileSync(`${folder}/pubspec.yaml`, 'utf8'), `version: ${version}\n`)
})

t.test('the client in a Dart VM, against the real server', { skip: missing }, async t => {
  const app = await shared()
  const passed: string[] = []
  const child = startDart(join(folder, 'test/client.dart'), { baseUrl: await listening(), password })
  for await (const line of createInterface(child.stdout)) {
    const [, what = '', argument = ''] = /^ask (\w+) (.*)$/.exec(line) ?? []
    if (what !== '') child.stdin.write(`${await answerTo(what, argument)}\n`)
    else if (line.startsWith('ok ')) passed.push(line)
    else t.fail(line.replaceAll('\\n', '\n'))
  }
  t.equal(await child.ended, 0)
  const tests = [...readFileSync(`${folder}/test/client.dart`, 'utf8').matchAll(/^ {2}await test\('(.*)', /gm)]
  t.strictSame(passed, tests.map(([, name]) => `ok ${name}`), 'each test was run')

  async function answerTo (what: string, argument: string) {
    if (what === 'account') return (await signUp(app)).email
    if (what === 'reasons') return Object.keys(ends).join(' ')
    if (what === 'end') {
      const { reason, ...held } = JSON.parse(argument) as Held & { reason: keyof typeof ends }
      await ends[reason](app, held)
      return 'done'
    }
    if (what === 'totp') return codeAt(app, { secret: fromBase32(argument) })
    app.clock.advance(Number(argument))
    return 'done'
  }
})

t.test('the first minute works as it is pasted', { skip: missing }, async t => {
  const baseUrl = await listening()
  const { email } = await signUp(await shared())
  const [, pasted = ''] = /```dart\n([^]*?)```/.exec(readFileSync(`${folder}/README.md`, 'utf8')) ?? []
  const [imports = '', statements = ''] = pasted.split(/\n\n(?=final )/)
  const program = join(mkdtempSync(join(tmpdir(), 'latchkey-dart-')), 'first_minute.dart')
  writeFileSync(program, `import 'dart:io';
    ${imports}
    // Yours: two functions over the platform's keychain.
    typedef KeychainStorage = MemoryStorage;
    Future<void> main() async {
      final (email, password) = (${JSON.stringify(email)}, ${JSON.stringify(password)});
      ${statements.replace('https://auth.example.com', baseUrl)}
      print(user.email);
      exit(0);
    }`)

  const child = startDart(program, {})
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) lines.push(line)

  t.equal(await child.ended, 0)
  t.strictSame(lines, [email])
})

/** Where the server listens. */
async function listening () {
  const app = await shared()
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return `http://127.0.0.1:${port}`
}

/** A program in a VM that knows where the package is. */
function startDart (program: string, given: object) {
  if (dart instanceof Error) throw dart
  const packages = join(mkdtempSync(join(tmpdir(), 'latchkey-dart-')), 'packages.json')
  const latchkey = { name: 'latchkey', rootUri: `${pathToFileURL(folder).href}/`, packageUri: 'lib/', languageVersion: '3.5' }
  writeFileSync(packages, JSON.stringify({ configVersion: 2, packages: [latchkey] }))

  const [loader, ...args] = dart
  const child = spawn(loader, [...args, '--enable-asserts', `--packages=${packages}`, program], {
    env: { LATCHKEY_DART_TEST: JSON.stringify(given) },
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill())
  const ended = new Promise<number | null>(resolve => { child.once('close', resolve) })
  return Object.assign(child, { ended })
}
