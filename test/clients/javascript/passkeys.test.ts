import t from 'tap'
import type { Test } from 'tap'
import type { Refusal } from '../../../clients/javascript/src/index.ts'
import { completeWithPasskey, provePasskey, registerPasskey, signInWithPasskey } from '../../../clients/javascript/src/passkeys.ts'
import { createAuthenticator } from '../../support/accounts/authenticator.ts'
import type { Authenticator, CreationOptions, RequestOptions } from '../../support/accounts/authenticator.ts'
import { as, signIn, signUp } from '../../support/helper.ts'
import { openOnce } from '../../support/once.ts'
import { makePhone, openWorld, signedInPhone } from './world.ts'

const shared = openOnce(() => openWorld(t, { APP_URL: 'http://localhost:3000' }))

t.test('registers a passkey and signs in with it, without a name', async t => {
  const world = await shared()
  const account = await signUp(world.app)
  const { client } = await signedInPhone(t, world, account)
  fakeBrowser(t)
  t.match(await registerPasskey(client, { name: 'Ada’s phone' }), { passkey: { name: 'Ada’s phone', user_verified: true } })
  await client.signOut()

  const other = makePhone(t, world)
  const session = await signInWithPasskey(other.client)
  t.match(session, { status: 'signed_in', user: { email: account.email } })
  t.equal(other.client.session, session)
  t.match(await other.client.listSessions(), { sessions: [{ device_name: 'Ada’s phone', acr: 'phr' }] })
  t.equal(other.sessions.filter(({ status }) => status === 'signed_in').length, 1)
})

t.test('an offer in a form field is renewed before it is over, until one is chosen or the page gives up', async t => {
  const world = await shared()
  const account = await signUp(world.app)
  const { client } = await signedInPhone(t, world, account)
  const browser = fakeBrowser(t)
  await registerPasskey(client, { name: 'x' })
  await client.signOut()
  world.traffic.take()

  browser.chooses = false
  const entering = signInWithPasskey(quick(client), { isConditional: true })
  while (browser.asked.length < 3) await browser.next()
  t.equal(new Set(browser.asked.map(({ challenge }) => challenge)).size, browser.asked.length, 'each offer is a new one')
  t.ok(browser.mediations.every(mediation => mediation === 'conditional'))
  browser.chooses = true
  t.match(await entering, { status: 'signed_in', user: { email: account.email } })

  browser.chooses = false
  const leaving = new AbortController()
  const given = signInWithPasskey(quick(client), { isConditional: true, signal: leaving.signal })
  await browser.next()
  leaving.abort(new Error('the page is left'))
  await t.rejects(given, { message: 'the page is left' })
})

t.test('the browser forgets a passkey that the account has removed, and no other', async t => {
  const world = await shared()
  const account = await signUp(world.app)
  const { client } = await signedInPhone(t, world, account)
  const browser = fakeBrowser(t)
  const { passkey } = await registerPasskey(client, { name: 'x' })
  await client.signOut()

  browser.isBogus = true
  await t.rejects(signInWithPasskey(client), { code: 'invalid_credentials' })
  t.strictSame(browser.forgotten, [])
  browser.isBogus = false
  await world.app.database`delete from passkeys where id = ${passkey.id}`
  await t.rejects(signInWithPasskey(client), { code: 'passkey_unknown' })
  t.strictSame(browser.forgotten, [{ rpId: 'localhost', credentialId: browser.key.id }])
})

t.test('a passkey proves a session again, gives up the password, and completes a sign-in', async t => {
  const world = await shared()
  const account = await signUp(world.app)
  const { email, password } = account
  const phone = makePhone(t, world, { onReauthenticationRequired: async () => await provePasskey(phone.client) })
  const { client } = phone
  await client.signIn({ email: account.email, password: account.password })
  const browser = fakeBrowser(t)
  browser.key = createAuthenticator({ origin: 'http://localhost:3000', flags: ['UP', 'UV', 'BE', 'BS'] })
  await registerPasskey(client, { name: 'x' })
  t.match(await client.renewRecoveryCodes(), { recovery_codes: Array }, 'the passkey was asked for')
  t.match(await client.setTwoStep({ enabled: true }), { status: 'signed_in' })

  const other = makePhone(t, world)
  const due = await other.client.signIn({ email, password }).catch((error: Refusal) => error)
  t.match(await completeWithPasskey(other.client, { mfa_token: 'mfaToken' in due ? due.mfaToken : undefined }), { status: 'signed_in', user: { email: account.email } })

  world.app.clock.advance(11 * 60_000)
  t.match(await client.removePassword(), { status: 'signed_in' })
  t.match(await client.listSecondFactors(), { password: false })
  t.ok(browser.asked.length >= 3)
})

t.test('the errors of the browser and the refusals of the server are those of the call', async t => {
  const world = await shared()
  const account = await signUp(world.app)
  const { client } = await signedInPhone(t, world, account)
  const browser = fakeBrowser(t)
  await registerPasskey(client, { name: 'x' })
  await t.rejects(registerPasskey(client, { name: 'again' }), { code: 'reauthentication_required' })
  browser.error = new DOMException('not now', 'NotAllowedError')
  await t.rejects(signInWithPasskey(client), { name: 'NotAllowedError' })
  t.match(await as(world.app, (await signIn(world.app, account)).access_token, 'GET', '/auth/passkeys'), { statusCode: 200 })
})

/** What a page asks the browser for. */
interface Request { publicKey: RequestOptions, mediation?: string, signal?: AbortSignal }

type Client = Parameters<typeof signInWithPasskey>[0]

/** The same client, whose offers are over at once. */
function quick (client: Client): Client {
  return {
    getPasskeyLoginOptions: async (...given) => ({ ...await client.getPasskeyLoginOptions(...given), expires_in: 0.1 }),
    loginWithPasskey: client.loginWithPasskey
  }
}

/** What a browser offers to pages, with an authenticator in software. */
function fakeBrowser (t: Pick<Test, 'teardown'>) {
  const browser = {
    key: createAuthenticator({ origin: 'http://localhost:3000' }) as Authenticator,
    chooses: true,
    isBogus: false,
    error: undefined as Error | undefined,
    asked: [] as RequestOptions[],
    mediations: [] as unknown[],
    forgotten: [] as object[],
    next: () => new Promise(resolve => setImmediate(resolve))
  }
  class Credential {
    json: object
    constructor (json: object) { this.json = json }
    toJSON () { return this.json }
    static parseRequestOptionsFromJSON = (options: object) => options
    static parseCreationOptionsFromJSON = (options: object) => options
    static signalUnknownCredential = async (unknown: object) => { browser.forgotten.push(unknown) }
  }
  const credentials = {
    create: async ({ publicKey }: { publicKey: CreationOptions }) => new Credential(browser.key.create(publicKey)),
    get: async ({ publicKey, mediation, signal }: Request) => {
      browser.asked.push(publicKey)
      browser.mediations.push(mediation)
      if (browser.error) throw browser.error
      while (!browser.chooses) {
        signal?.throwIfAborted()
        await browser.next()
      }
      return new Credential(browser.key.get(publicKey, browser.isBogus ? { signature: () => Buffer.alloc(70) } : {}))
    }
  }
  const given = Object.getOwnPropertyDescriptor(globalThis, 'navigator')
  Object.defineProperty(globalThis, 'PublicKeyCredential', { value: Credential, configurable: true })
  Object.defineProperty(globalThis, 'navigator', { value: { credentials }, configurable: true })
  t.teardown(() => {
    if (given) Object.defineProperty(globalThis, 'navigator', given)
    else Reflect.deleteProperty(globalThis, 'navigator')
    Reflect.deleteProperty(globalThis, 'PublicKeyCredential')
  })
  return browser
}
