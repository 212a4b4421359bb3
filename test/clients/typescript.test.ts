import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { createLatchkey, LatchkeyError } from '../../clients/typescript/index.ts'
import { renderClientSchema } from '../../dev/client-schema.ts'
import { sentMails } from '../support/evidence.ts'
import { build, deploy, freshAddress, password, start } from '../support/helper.ts'
import { live } from './flow.ts'

t.test('the client in the repository is the one generated from this server', async t => {
  const app = await build(t, { SECURITY_CONTACT: 'mailto:security@example.com' })
  const committed = readFileSync(pathOf('../../clients/typescript/schema.d.ts'), 'utf8')

  t.equal(await renderClientSchema(app.swagger()), committed, 'if not: npm run client')
})

t.test('a program that uses it compiles, and one that misuses it does not', async t => {
  // Other settings than ours: equally strict, but as an application for browsers compiles it.
  const program = ts.createProgram([pathOf('./flow.ts'), pathOf('./mistakes.ts')], {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true
  })
  const found = ts.getPreEmitDiagnostics(program)

  t.equal(ts.formatDiagnostics(found, { getCanonicalFileName: name => name, getCurrentDirectory: () => '', getNewLine: () => '\n' }), '')
})

t.test('that program runs, from signing up to having signed out', async t => {
  const { baseUrl, mails } = await listen(t)
  const email = freshAddress()
  const saw = await live({ baseUrl, email, password, readCode: async () => (await mails(email)).at(-1)?.code ?? '' })

  t.match(saw.registration, { user: { email, email_verified: false } })
  t.match(saw.confirmed, { user: { email, email_verified: true } })
  t.equal(saw.user.id, saw.confirmed.user.id)
  t.strictSame(saw.checked, { userId: saw.user.id, role: 'user', sessionId: saw.first.session.id })
  t.equal(saw.renamed.user.full_name, 'Ada Lovelace')
  t.not(saw.tokens.refresh_token, saw.first.refresh_token, 'refresh and reauthenticate hand out new tokens')
  t.equal(saw.tokens.session.id, saw.first.session.id, 'of the same session')
  t.strictSame(saw.before.sessions.map(({ current }) => current).sort(), [false, true])
  t.match(saw.after.sessions, [{ id: saw.first.session.id, current: true, device_name: 'Ada’s phone' }])
  t.equal(saw.after.sessions.length, 1)
  t.match(saw.keys.keys, [{ kty: 'EC', use: 'sig' }])
  t.match(saw.ended, { status: 401, code: 'session_ended', reason: 'revoked_by_user' })
  t.match(saw.refused, { status: 401, code: 'session_ended', reason: 'signed_out' })
  t.ok(saw.refused instanceof LatchkeyError)
  t.equal((await mails(email)).filter(({ code }) => code !== undefined).length, 2, 'the code, and the same again')
})

t.test('the client finds an API under another prefix', async t => {
  const { baseUrl } = await listen(t, { API_PREFIX: '/auth-api' })

  const client = createLatchkey({ baseUrl: `${baseUrl}/`, apiPrefix: '/auth-api' })

  t.match(await client.login({ email: freshAddress(), password }).catch(error => error), { status: 401, code: 'invalid_credentials' })
  t.match(await client.getJwks(), { keys: [{ kty: 'EC' }] }, 'and what stands beside it')
  t.match(await createLatchkey({ baseUrl }).check().catch(error => error), { status: 404, code: 'not_found' })
})

t.test('an answer from something other than Latchkey is an error too', async () => {
  const answer = (body: string, init: ResponseInit) => async () => new Response(body, init)
  const proxy = createLatchkey({ baseUrl: 'http://localhost', fetch: answer('<h1>Bad gateway</h1>', { status: 502, headers: { 'retry-after': '7' } }) })
  const broken = createLatchkey({ baseUrl: 'http://localhost', fetch: answer('', { status: 200, headers: { 'content-length': '0' } }) })

  t.match(await proxy.getMe().catch(error => error), { name: 'LatchkeyError', status: 502, code: undefined, retryAfter: 7, message: /502/ })
  t.match(await broken.getMe().catch(error => error), { name: 'LatchkeyError', status: 200, code: undefined })
})

/** A listening server, and the mails that it sent. */
async function listen (t: Parameters<typeof deploy>[0], settings: Record<string, string> = {}) {
  const deployment = await deploy(t, settings)
  const app = await start(t, deployment)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo

  return {
    baseUrl: `http://127.0.0.1:${port}`,
    mails: async (to: string) => (await sentMails(app, deployment.DATA_DIR)).filter(mail => mail.to.includes(to))
  }
}

function pathOf (file: string) {
  return fileURLToPath(new URL(file, import.meta.url))
}
