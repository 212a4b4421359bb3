import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { administration } from '../../../clients/javascript/src/admin.ts'
import { rotating } from '../../../clients/javascript/src/calls.ts'
import { createLatchkey } from '../../../clients/javascript/src/index.ts'
import { bearer, memory } from '../../../clients/javascript/src/mobile.ts'
import { renderOperations } from '../../../dev/clients/operations.ts'
import { renderClientSchema } from '../../../dev/clients/schema.ts'
import { person } from '../../support/accounts/people.ts'
import { build, deploy, freshAddress, password, signUp, start } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'
import { sentMails } from '../../support/trail/evidence.ts'

interface Operation {
  operationId: string
  parameters?: { in: string, name: string }[]
  requestBody?: { content: Record<string, { schema: { properties?: object } }> }
}
const shared = openOnce(() => build(t, { DOCS_ENABLED: 'true', SECURITY_CONTACT: 'mailto:security@example.com' }))

t.test('the client in the repository is the one generated from this server', async t => {
  const document = (await shared()).swagger()
  const read = (file: string) => readFileSync(`clients/javascript/src/generated/${file}`, 'utf8')

  t.equal(await renderClientSchema(document), read('schema.ts'), 'if not: npm run client')
  t.equal(renderOperations(document), read('operations.ts'), 'if not: npm run client')
})

t.test('the client knows the calls whose answers bring new tokens, because a refresh waits for them', async t => {
  const { paths = {} } = (await shared()).swagger() as unknown as { paths?: Record<string, Record<string, object>> }
  const routes = Object.entries(paths).flatMap(([path, item]) => Object.entries(item)
    .filter(([, operation]) => /"title":"(TokenResponse|CookieSession)"|schemas\/(TokenResponse|CookieSession)"/.test(JSON.stringify(operation)))
    .map(([method]) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`))
  t.ok(routes.length > 8, routes.join())

  t.strictSame(routes.filter(route => !rotating.test(route)), ['POST /auth/refresh'])
})

t.test('no operation has two fields of one name, because the input of a call is one object', async t => {
  const { paths = {} } = (await shared()).swagger() as unknown as { paths?: Record<string, Record<string, Operation>> }
  const operations = Object.values(paths).flatMap(item => Object.values(item))
  t.ok(operations.length > 50)

  const clashes = operations.flatMap(({ operationId, parameters = [], requestBody }) => {
    const body = Object.keys(requestBody?.content['application/json']?.schema.properties ?? {})
    return parameters.filter(({ name }) => body.includes(name)).map(({ name }) => `${operationId} ${name}`)
  })
  t.strictSame(clashes, ['putRole name'], 'a role may repeat its name in the body, and need not')
})

t.test('a user signs up with the mailed code, and signs in', async t => {
  const { baseUrl, mails } = await listen(t)
  const email = freshAddress()
  const client = createLatchkey({ baseUrl, transport: bearer({ storage: memory() }) })

  const registered = await client.register({ email, password, full_name: 'Ada King', locale: 'en' })
  if (!('registration_id' in registered)) throw new Error('this deployment confirms addresses')
  t.equal(await client.resendCode({ registration_id: registered.registration_id }), undefined)
  const code = (await mails(email)).at(-1)?.code ?? ''
  const { user } = await client.verifyEmail({ registration_id: registered.registration_id, code })

  t.match(await client.signIn({ email, password }), { user: { id: user.id, email_verified: true } })
})

t.test('an administrator lists and changes users', async t => {
  const { app, baseUrl } = await listen(t)
  const [admin, { user }] = [await person(app, 'admin'), await signUp(app)]
  const client = createLatchkey({ baseUrl, transport: bearer({ storage: memory() }) })
  await client.signIn({ email: admin.email, password })
  const { listUsers, getUser, updateUser, disableUser } = administration(client)

  t.match(await listUsers({ limit: 1, role: 'user' }), { users: [{ id: user.id }] })
  await updateUser({ id: user.id, full_name: 'Ada Lovelace' })
  await disableUser({ id: user.id })
  t.match(await getUser({ id: user.id }), { user: { full_name: 'Ada Lovelace', status: 'disabled' } })
  t.match(client.session, { user: { id: admin.id } }, 'and the session is still the administrator’s')
})

t.test('the client finds an API under another prefix', async t => {
  const { app, baseUrl } = await listen(t, { API_PREFIX: '/auth-api' })
  const client = createLatchkey({ baseUrl: `${baseUrl}/`, apiPrefix: '/auth-api', transport: bearer({ storage: memory() }) })
  t.ok(app.server.listening)

  await t.rejects(client.signIn({ email: freshAddress(), password }), { code: 'invalid_credentials' })
})

/** A listening server, and the mails that it sent. */
async function listen (t: Parameters<typeof deploy>[0], settings: Record<string, string> = {}) {
  const deployment = await deploy(t, settings)
  const app = await start(t, deployment)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo

  return {
    app,
    baseUrl: `http://127.0.0.1:${port}`,
    mails: async (to: string) => (await sentMails(app, deployment.DATA_DIR)).filter(mail => mail.to.includes(to))
  }
}
