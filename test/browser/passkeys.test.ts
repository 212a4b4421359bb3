import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { cheapHasher } from '../support/hashers.ts'
import { as, deploy, signIn, signUp, start } from '../support/helper.ts'
import type { Tokens } from '../support/helper.ts'
import { openOnce } from '../support/once.ts'
import { trail } from '../support/trail/evidence.ts'
import { ask, launchChromium, openTab, withoutChromium } from './chromium.ts'
import { servePages } from './pages.ts'

/** The virtual authenticator of Chromium (WebAuthn Level 3, section 11): a browser's real answers, and its lies. */
interface Device {
  ctap2Version?: 'ctap2_0' | 'ctap2_1'
  transport: 'internal' | 'usb'
  hasResidentKey: boolean
  hasUserVerification: boolean
  isUserVerified: boolean
  defaultBackupEligibility?: boolean
  defaultBackupState?: boolean
}

const options = { skip: withoutChromium }
const sharedBrowser = openOnce(() => launchChromium(t))
const sharedWorld = openOnce(() => openWorld())
const phone: Device = { transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true }
const stick: Device = { transport: 'usb', hasResidentKey: false, hasUserVerification: false, isUserVerified: false }

t.test('a browser makes a passkey from the options, and signs in with it without a name', options, async t => {
  const { tab, account, tokens, app } = await opened(t, phone)
  const { value: made } = await ask<{ passkey: { id: string } }>(tab, `add(${JSON.stringify(tokens.access_token)})`)
  t.match(made, { passkey: { user_verified: true, backed_up: false, aaguid: String } })

  const { value: entered } = await ask<Tokens>(tab, 'enter()')
  t.match(entered, { user: { id: account.user.id } })
  t.match(claimsOf(entered), { amr: ['pop', 'user', 'mfa'], acr: 'phr' })
  const [stored] = await app.database`select discoverable, transports from passkeys where user_id = ${account.user.id}`
  t.match(stored, { discoverable: true, transports: ['internal'] })
})

t.test('a page that offers passkeys in a form field is answered, and another tab beside it', options, async t => {
  const { context, tab, account, tokens } = await opened(t, phone)
  await ask(tab, `add(${JSON.stringify(tokens.access_token)})`)
  t.match(await ask(tab, "enter({ mediation: 'conditional' })"), { value: { user: { id: account.user.id } } })

  const second = await openTab(context, tab.url())
  await authenticate(context, second, phone)
  const [first, other] = [await ask<object>(tab, 'begin()'), await ask<object>(second, 'begin()')]
  t.notSame(first.value, other.value, 'each has an offer of its own')
  t.match(await ask(tab, `finish(${JSON.stringify(first.value)})`), { value: { user: { id: account.user.id } } })
})

t.test('one authenticator makes no second passkey for an account', options, async t => {
  const { tab, account, tokens, app } = await opened(t, phone)
  await ask(tab, `add(${JSON.stringify(tokens.access_token)})`)
  const { value: strong } = await ask<Tokens>(tab, 'enter()')
  t.match(await ask(tab, `add(${JSON.stringify(strong?.access_token)})`), { error: { name: 'InvalidStateError' } })
  t.equal((await app.database`select 1 from passkeys where user_id = ${account.user.id}`).length, 1)
})

t.test('what a browser says about the user is judged by the signed flags', options, async t => {
  const { tab, tokens, cdp, authenticatorId } = await opened(t, phone)
  await ask(tab, `add(${JSON.stringify(tokens.access_token)})`)

  for (const override of [{ isBadUV: true }, { isBadUP: true }, { isBogusSignature: true }]) {
    await cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId, ...override })
    t.match(await ask(tab, 'enter()'), { error: { status: 401, code: 'invalid_credentials' } }, JSON.stringify(override))
  }
  await cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId, isBadUV: false, isBadUP: false, isBogusSignature: false })
  t.match(await ask(tab, 'enter()'), { value: { acr: undefined, user: {} } })
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  t.match(await ask(tab, 'enter()'), { error: { name: 'NotAllowedError' } }, 'an honest one signs nothing')
})

t.test('a key without verification is added as a security key, and completes a sign-in after the password only', options, async t => {
  const { tab, account, tokens } = await opened(t, stick)
  t.match(await ask(tab, `add(${JSON.stringify(tokens.access_token)})`), { error: { name: 'NotAllowedError' } })
  t.match(await ask(tab, `add(${JSON.stringify(tokens.access_token)}, 'security_key')`), { value: { passkey: { user_verified: false } } })

  const { value: strong } = await ask<Tokens>(tab, `again(${JSON.stringify(tokens.access_token)}, ${JSON.stringify({ password: account.password })})`)
  t.match(claimsOf(strong), { amr: ['pwd', 'pop', 'user', 'mfa'] })
  t.match(await ask(tab, `call('/auth/two-step', { enabled: true }, ${JSON.stringify(strong?.access_token)}, 'PUT')`), { value: { user: {} } })
  const { error } = await ask(tab, `call('/auth/login', ${JSON.stringify({ email: account.email, password: account.password })})`)
  t.match(error, { code: 'mfa_required', methods: ['passkey'] })
  t.match(claimsOf((await ask<Tokens>(tab, `second(${JSON.stringify(error?.['mfa_token'])})`)).value), { amr: ['pwd', 'pop', 'user', 'mfa'], acr: 'phr' })
})

t.test('a counter that goes back and a key that becomes a copied one go on, and are recorded', options, async t => {
  const { tab, account, tokens, app, cdp, authenticatorId } = await opened(t, phone)
  await ask(tab, `add(${JSON.stringify(tokens.access_token)})`)
  const { credentials: [credential] } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
  const { credentialId = '' } = credential ?? {}
  t.match(await ask(tab, 'enter()'), { value: { user: {} } })
  t.match(await ask(tab, 'enter()'), { value: { user: {} } })

  await cdp.send('WebAuthn.removeCredential', { authenticatorId, credentialId })
  if (credential) await cdp.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount: 0 } })
  t.match(await ask(tab, 'enter()'), { value: { user: {} } })
  await cdp.send('WebAuthn.setCredentialProperties', { authenticatorId, credentialId, backupEligibility: true, backupState: true })
  t.match(await ask(tab, 'enter()'), { value: { user: {} } })

  const anomalies = (await trail(app, account.user.id)).filter(({ event }) => event === 'authn_passkey_anomaly')
  t.ok(anomalies.some(({ reason }) => reason === 'counter_back'))
  t.ok(anomalies.some(({ reason }) => reason === 'backup_eligibility_changed'))
  t.match((await as(app, tokens.access_token, 'GET', '/auth/passkeys')).json(), { passkeys: [{ backed_up: true }] })
})

t.test('a browser forgets a passkey that is unknown here, and keeps one that was only refused', options, async t => {
  const { tab, account, tokens, app, cdp, authenticatorId } = await opened(t, phone)
  const { value: made } = await ask<{ passkey: { id: string } }>(tab, `add(${JSON.stringify(tokens.access_token)})`)
  await cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId, isBogusSignature: true })
  t.match(await ask(tab, 'enter()'), { error: { code: 'invalid_credentials' } })
  t.equal((await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length, 1)

  await cdp.send('WebAuthn.setResponseOverrideBits', { authenticatorId, isBogusSignature: false })
  const { value: strong } = await ask<Tokens>(tab, 'enter()')
  t.match(await as(app, strong?.access_token ?? '', 'DELETE', `/auth/passkeys/${made?.passkey.id}`), { statusCode: 200 })
  t.match(await ask(tab, 'enter()'), { error: { code: 'passkey_unknown' } })
  t.equal((await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length, 0, account.email)
})

t.test('pages of other hosts cannot use the passkeys', options, async t => {
  const { context, tab, tokens } = await opened(t, phone)
  await ask(tab, `add(${JSON.stringify(tokens.access_token)})`)
  for (const host of ['127.0.0.1', 'app.localhost']) {
    const elsewhere = await openTab(context, tab.url().replace('localhost', host))
    await authenticate(context, elsewhere, phone)
    const { value } = await ask<object>(tab, 'begin()')
    t.match(await ask(elsewhere, `sign(${JSON.stringify(value)})`), { error: { name: 'SecurityError' } }, host)
  }
})

/** A tab with an authenticator, and an account with a session. */
async function opened (t: Parameters<typeof servePages>[0], device: Device) {
  const { app, page } = await sharedWorld()
  const context = await (await sharedBrowser()).newContext()
  t.teardown(() => context.close())
  const tab = await openTab(context, `${page.origin}/`)
  const account = await signUp(app)
  return { app, context, tab, account, tokens: await signIn(app, account), ...await authenticate(context, tab, device) }
}

interface Enabled { cdp: CDPSession, authenticatorId: string }

async function authenticate (context: BrowserContext, tab: Page, device: Device): Promise<Enabled> {
  const cdp = await context.newCDPSession(tab)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', automaticPresenceSimulation: true, ...device }
  })
  return { cdp, authenticatorId }
}

/** A page of an application, and the API that it calls. */
async function openWorld () {
  const page = await servePages(t)
  const settings = await deploy(t, { APP_URL: page.origin, ALLOWED_ORIGINS: page.origin, DB_POOL_MAX: '20' })
  const app = await start(t, settings, { workers: false, hasher: cheapHasher })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  page.pages['/'] = `<!doctype html><title>Passkeys</title><script>${script(`http://localhost:${port}/api/v1`)}</script>`
  return { app, page }
}

/** What a page does without any library. */
function script (api: string) {
  return `
    async function call (path, body = {}, token, method = 'POST') {
      const headers = { 'content-type': 'application/json', ...token && { authorization: 'Bearer ' + token } }
      const answer = await fetch('${api}' + path, { method, headers, body: JSON.stringify(body) })
      const json = await answer.json()
      if (!answer.ok) throw Object.assign(new Error(json.detail), json)
      return json
    }
    const begin = () => call('/auth/login/passkey/options')
    async function sign ({ public_key }, settings = {}) {
      const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(public_key)
      return (await navigator.credentials.get({ publicKey, ...settings })).toJSON()
    }
    async function finish (offer, settings) {
      const credential = await sign(offer, settings)
      return await call('/auth/login/passkey', { credential }).catch(error => {
        const { rpId } = offer.public_key
        if (error.code === 'passkey_unknown') PublicKeyCredential.signalUnknownCredential({ rpId, credentialId: credential.id })
        throw error
      })
    }
    const enter = async settings => finish(await begin(), settings)
    async function add (token, kind) {
      const { public_key } = await call('/auth/passkeys/options', kind ? { kind } : {}, token)
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(public_key)
      const credential = (await navigator.credentials.create({ publicKey })).toJSON()
      return await call('/auth/passkeys', { credential, name: 'This device' }, token)
    }
    async function second (mfa_token) {
      const credential = await sign(await call('/auth/login/second-factor/options', { mfa_token }))
      return await call('/auth/login/second-factor', { mfa_token, credential })
    }
    async function again (token, proof = {}) {
      const credential = await sign(await call('/auth/reauthenticate/options', {}, token))
      return await call('/auth/reauthenticate', { ...proof, credential }, token)
    }
  `
}

function claimsOf (tokens: Pick<Tokens, 'access_token'> | undefined) {
  return JSON.parse(Buffer.from(tokens?.access_token.split('.')[1] ?? '', 'base64url').toString())
}
