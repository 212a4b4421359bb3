import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import ts from 'typescript'
import { makeService } from '../../support/accounts/services.ts'
import { listen } from '../../support/event-stream.ts'
import { as, deploy, signIn, start } from '../../support/helper.ts'
import { until } from '../../support/until.ts'
import { bytesOf, installPackage, mistakesIn } from '../packing.ts'
import { issuer } from './world.ts'

const source = 'clients/verifier'
const program = `
import Fastify from 'fastify'
import jwt from '@fastify/jwt'
import express from 'express'
import { Hono } from 'hono'
import { createVerifier, forwardedIdentity, isRefusal } from '@latchkey/verifier'
import type { Principal } from '@latchkey/verifier'
import { jwtOptions, latchkeyFastify } from '@latchkey/verifier/fastify'
import { latchkeyExpress } from '@latchkey/verifier/express'
import { latchkeyHono } from '@latchkey/verifier/hono'
import type { LatchkeyEnv } from '@latchkey/verifier/hono'

const verifier = createVerifier({ issuer: 'https://auth.example.com', feed: { id: '', secret: '' } })
const app = Fastify()
app.register(jwt, jwtOptions(verifier))
app.get('/', { onRequest: latchkeyFastify({ verifier, roles: ['admin'] }) }, async ({ user }): Promise<string> => user.userId)
express().use(latchkeyExpress({ verifier }))
new Hono<LatchkeyEnv>().get('/', latchkeyHono({ verifier }), c => c.text(c.get('principal').role))
export const principal: Promise<Principal> = verifier.verify('', { maxAge: 600 })
export const reason = (error: unknown) => isRefusal(error) ? error.details.reason : undefined
export const identity = forwardedIdentity({ proxies: [] })({}, undefined)?.userId

// @ts-expect-error a feed without its secret
createVerifier({ issuer: '', feed: { id: '' } })
// @ts-expect-error an unknown demand
verifier.verify('', { permissions: [] })
`
const service = install()

t.test('the package holds what was built from the sources, depends on nothing, and has the server’s version', async t => {
  const [own, server] = [`${source}/package.json`, 'package.json'].map(file => JSON.parse(readFileSync(file, 'utf8')))
  t.match(service.files.filter(name => !name.startsWith('dist/')).sort(), ['LICENSE', 'README.md', 'package.json'])
  t.ok(service.files.every(name => /^(dist\/(clients|lib)\/[\w/-]+(\.js|\.d\.ts)|LICENSE|README\.md|package\.json)$/.test(name)), service.files.join())
  t.equal(own.version, server.version)
  t.equal(own.dependencies, undefined)
})

t.test('a program that uses it compiles, and its mistakes are found', async t => {
  t.strictSame(mistakesIn(join(service.folder, 'service.ts'), {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    typeRoots: [resolve('node_modules/@types')],
    types: ['node'],
    preserveSymlinks: true,
    skipLibCheck: true
  }), [])
})

for (const [what, text, bytesMax] of [
  ['the verifier', "export { createVerifier } from '@latchkey/verifier'", 7190],
  ['all of it', "export * from '@latchkey/verifier'; export * from '@latchkey/verifier/fastify'; export * from '@latchkey/verifier/express'; export * from '@latchkey/verifier/hono'", 8560]
] as const) {
  t.test(`${what} is small`, async t => {
    const bytes = bytesOf(text, service.folder, 'node')
    t.ok(bytes > 0 && bytes <= bytesMax, `${bytes} of ${bytesMax} bytes`)
  })
}

t.test('the example runs, lets users in, and hears when a session ends', async t => {
  const app = await start(t, await deploy(t), { workers: false })
  const { id, secret } = await makeService(app, { mayFollow: true })
  const ada = await signIn(app)
  const env = { PATH: process.env['PATH'], LATCHKEY_ISSUER: issuer, LATCHKEY_URL: await listen(app), LATCHKEY_ID: id, LATCHKEY_SECRET: secret, PORT: '0' }
  const child = spawn(process.execPath, ['orders.js'], { cwd: service.folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill() })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()))
    child.once('exit', code => reject(new Error(`the example has ended with ${code}`)))
  })
  const ask = async (path: string) => await fetch(url + path, { headers: { authorization: `Bearer ${ada.access_token}` } })

  t.strictSame(await (await ask('/orders')).json(), { orders: [`an order of ${ada.user.id}`] })
  t.equal((await ask('/accounts')).status, 403)
  await as(app, ada.access_token, 'POST', '/auth/logout')
  await until(async () => (await ask('/orders')).status === 401)
  t.match(await (await ask('/orders')).json(), { code: 'session_ended', reason: 'signed_out' })

  child.removeAllListeners('exit')
  child.kill()
  t.equal(await new Promise(resolve => child.once('exit', resolve)), 0, 'and it ends when it is asked to')
})

/** The verifier in a service, beside the frameworks. */
function install () {
  const installed = installPackage(source)
  const { folder } = installed
  mkdirSync(join(folder, 'node_modules/@fastify'))
  mkdirSync(join(folder, 'node_modules/@types'))
  for (const name of ['fastify', '@fastify/jwt', 'express', '@types/express', 'hono']) symlinkSync(resolve('node_modules', name), join(folder, 'node_modules', name))
  cpSync(`${source}/example/orders.js`, join(folder, 'orders.js'))
  writeFileSync(join(folder, 'service.ts'), program)
  return installed
}
