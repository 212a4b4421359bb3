import jwt from '@fastify/jwt'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { latchkeyExpress } from '../../../clients/verifier/src/express.ts'
import { jwtOptions, latchkeyFastify } from '../../../clients/verifier/src/fastify.ts'
import { latchkeyHono } from '../../../clients/verifier/src/hono.ts'
import type { LatchkeyEnv } from '../../../clients/verifier/src/hono.ts'
import { forwardedIdentity } from '../../../clients/verifier/src/index.ts'
import { as, deploy, signIn, start } from '../../support/helper.ts'
import { until } from '../../support/until.ts'
import { makeVerifier } from './world.ts'

const app = await start(t, await deploy(t), { workers: false })
const verifier = await makeVerifier(t, app)
await verifier.start()

type Ask = (path: string, token?: string) => Promise<Response>

const services: Record<string, () => Promise<Ask>> = {
  async fastify () {
    const service = Fastify()
    t.teardown(() => service.close())
    await service.register(jwt, jwtOptions(verifier))
    service.get('/me', { onRequest: latchkeyFastify({ verifier }) }, async ({ user }) => user)
    service.get('/admin', { onRequest: latchkeyFastify({ verifier, roles: ['admin'] }) }, async ({ user }) => user)
    service.get('/recent', { onRequest: latchkeyFastify({ verifier, maxAge: -1 }) }, async ({ user }) => user)
    service.get('/open', async ({ user }) => ({ user }))
    return overHttp(await service.listen({ host: '127.0.0.1', port: 0 }))
  },
  async express () {
    const service = express()
    service.get('/me', latchkeyExpress({ verifier }), (request, response) => { response.json(principalOf(request)) })
    service.get('/admin', latchkeyExpress({ verifier, roles: ['admin'] }), (request, response) => { response.json(principalOf(request)) })
    service.get('/recent', latchkeyExpress({ verifier, maxAge: -1 }), (request, response) => { response.json(principalOf(request)) })
    service.get('/open', (request, response) => { response.json({ user: principalOf(request) ?? null }) })
    const server = createServer(service).listen(0, '127.0.0.1')
    t.teardown(() => { server.close(); server.closeAllConnections() })
    await new Promise(resolve => server.once('listening', resolve))
    return overHttp(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  },
  async hono () {
    const service = new Hono<LatchkeyEnv>()
    service.get('/me', latchkeyHono({ verifier }), c => c.json(c.get('principal')))
    service.get('/admin', latchkeyHono({ verifier, roles: ['admin'] }), c => c.json(c.get('principal')))
    service.get('/recent', latchkeyHono({ verifier, maxAge: -1 }), c => c.json(c.get('principal')))
    service.get('/open', c => c.json({ user: c.get('principal') ?? null }))
    return async (path, token) => await service.request(path, { headers: headersOf(token) })
  }
}

for (const [name, open] of Object.entries(services)) {
  t.test(`a service on ${name} answers as Latchkey itself would`, async t => {
    const [ask, ada] = [await open(), await signIn(app)]
    const fine = await ask('/me', ada.access_token)
    t.equal(fine.status, 200)
    t.match(await fine.json(), { userId: ada.user.id, sessionId: ada.session.id, role: 'user', vendorId: null, amr: ['pwd'] })
    t.strictSame(await (await ask('/open', ada.access_token)).json(), { user: null }, 'nobody is known without the guard')

    await refuses(t, await ask('/me'), 401, { code: 'unauthenticated' }, 'Bearer')
    await refuses(t, await ask('/me', 'garbage'), 401, { code: 'invalid_token' }, 'Bearer error="invalid_token"')
    await refuses(t, await ask('/me', `${ada.access_token.slice(0, -4)}AAAA`), 401, { code: 'invalid_token' }, 'Bearer error="invalid_token"')
    await refuses(t, await ask('/admin', ada.access_token), 403, { code: 'forbidden' })
    await refuses(t, await ask('/recent', ada.access_token), 401, { code: 'reauthentication_required', max_age: -1 }, 'Bearer error="insufficient_user_authentication", max_age="-1"')

    await as(app, ada.access_token, 'POST', '/auth/logout')
    await until(async () => (await ask('/me', ada.access_token)).status !== 200)
    await refuses(t, await ask('/me', ada.access_token), 401, { code: 'session_ended', reason: 'signed_out' }, 'Bearer error="invalid_token"')
  })
}

t.test('a service that does not know what has ended answers 503', async t => {
  const deaf = await makeVerifier(t, app)
  const { access_token: token } = await signIn(app)
  const service = new Hono<LatchkeyEnv>().get('/me', latchkeyHono({ verifier: deaf }), c => c.text('in'))
  const answer = await service.request('/me', { headers: headersOf(token) })
  t.equal(answer.headers.get('retry-after'), '1')
  await refuses(t, answer, 503, { code: 'unavailable' })
})

t.test('forwarded identities are believed from the proxies alone', async t => {
  const identityOf = forwardedIdentity({ proxies: ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32'] })
  const headers = { 'x-auth-user': 'u', 'x-auth-role': 'user', 'x-auth-session': 's' }

  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.1', '2001:db8::1']) {
    t.strictSame(identityOf(headers, address), { userId: 'u', role: 'user', sessionId: 's' }, address)
  }
  for (const address of ['11.0.0.1', '192.0.2.2', '::1', '2001:db9::1', 'x', undefined]) {
    t.throws(() => identityOf(headers, address), { code: 'unauthenticated' }, String(address))
    t.throws(() => identityOf({ 'x-auth-role': 'admin' }, address), { code: 'unauthenticated' })
    t.equal(identityOf({ accept: '*/*' }, address), null)
  }
  t.throws(() => identityOf({ ...headers, 'x-auth-role': ['user', 'admin'] }, '10.1.2.3'), { code: 'unauthenticated' })
  t.throws(() => identityOf({ 'x-auth-user': 'u' }, '10.1.2.3'), { code: 'unauthenticated' })
  for (const proxy of ['x', '10.0.0.0/8/8', '']) t.throws(() => forwardedIdentity({ proxies: [proxy] }), /no address/)
})

async function refuses (
  t: Pick<Test, 'equal' | 'match'>,
  answer: Response,
  status: number,
  problem: object,
  challenge: string | null = null
) {
  t.equal(answer.status, status)
  t.match(answer.headers.get('content-type'), /^application\/problem\+json/)
  t.equal(answer.headers.get('cache-control'), 'no-store')
  t.equal(answer.headers.get('www-authenticate'), challenge)
  t.match(await answer.json(), { status, ...problem })
}

function principalOf (request: object): unknown {
  return 'principal' in request ? request.principal : undefined
}

function overHttp (root: string): Ask {
  return async (path, token) => await fetch(root + path, { headers: headersOf(token) })
}

function headersOf (token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}
