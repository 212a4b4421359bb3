import t from 'tap'
import type { BrowserContext, Page } from 'playwright-core'
import { decodeQR } from 'qr/decode.js'
import { withoutChromium } from '../../browser/chromium.ts'
import { codeAt, fromBase32, guarded, mailedToken, nextStep } from '../../support/accounts/factors.ts'
import { password, signUp } from '../../support/helper.ts'
import { until } from '../../support/until.ts'
import { fill, open } from './example-world.ts'

const options = { skip: withoutChromium }

t.test('a passkey is added, renamed and proved, takes the place of the password, and signs in by itself', options, async t => {
  const { tab, app, context } = await open(t)
  await authenticate(context, tab)
  const { email, user } = await signUp(app)
  await fill(tab, 'Sign in', { 'E-mail': email, Password: password })
  await press(tab, 'Add a passkey')
  await tab.getByText('backed up').waitFor()
  await tab.getByText('Rename').first().click()
  await fill(tab, 'Rename', { Name: 'My laptop' })
  await tab.getByText('My laptop').waitFor()

  await press(tab, 'Make new codes')
  await tab.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await tab.getByText('Authenticate again').waitFor()
  await press(tab, 'Make new codes')
  await tab.getByRole('dialog').getByRole('button', { name: 'Use a passkey' }).click()
  await until(async () => await tab.locator('.codes li').count() === 10)
  const made = await tab.locator('.codes li').allTextContents()
  await press(tab, 'Give up the password')
  await tab.getByText('You have none').waitFor()
  t.match(await app.database`select password_hash, two_step from users where id = ${user.id}`, [{ passwordHash: null, twoStep: true }])

  await press(tab, 'Remove')
  await tab.getByText('Without a password the account needs a passkey').waitFor()
  await press(tab, 'Sign out')
  const entered = async () => (await app.database<{ id: string }>`select id from sessions where user_id = ${user.id} and ended_at is null and amr @> '{pop}'`).length === 1
  await until(entered)
  await tab.getByRole('heading', { name: 'Hello, Ada King' }).waitFor()
  const kept = String(await tab.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })'))
  t.notMatch(kept, /eyJ|token/i)
  t.strictSame(made.filter(code => kept.includes(code)), [])
})

t.test('an authenticator app is the second step, a device is remembered, and a recovery code does as well', options, async t => {
  const { tab, app, context } = await open(t)
  const { email } = await signUp(app)
  await fill(tab, 'Sign in', { 'E-mail': email, Password: password })
  await press(tab, 'Add an app')
  const secret = fromBase32((await tab.locator('code').first().textContent() ?? '').replaceAll(' ', ''))
  const uri = await tab.getByRole('link', { name: 'open the app' }).getAttribute('href')
  t.match(uri, /^otpauth:\/\/totp\//)
  for (const colorScheme of ['light', 'dark'] as const) {
    await tab.emulateMedia({ colorScheme })
    t.equal(await scan(tab, context), uri, `a camera reads it from a page that is ${colorScheme}`)
  }
  await fill(tab, 'Confirm the app', { 'First code': '000000' })
  await tab.getByText('wrong, used or expired').waitFor()
  await fill(tab, 'Confirm the app', { 'First code': codeAt(app, { secret }) })
  await until(async () => await tab.locator('.codes li').count() === 10)
  const recovery = await tab.locator('.codes li').first().textContent() ?? ''

  await signOut(tab)
  nextStep(app)
  await fill(tab, 'Sign in', { 'E-mail': email, Password: password })
  await tab.getByRole('heading', { name: 'One more step' }).waitFor()
  await tab.locator('form').first().getByLabel('Do not ask').check()
  await fill(tab, 'Go on', { 'Code of the authenticator app': codeAt(app, { secret }) })
  await tab.getByText('1 of your devices is not asked').waitFor()
  await signOut(tab)
  await fill(tab, 'Sign in', { 'E-mail': email, Password: password })
  await tab.getByRole('heading', { name: 'Hello, Ada King' }).waitFor()

  const other = await open(t)
  await fill(other.tab, 'Sign in', { 'E-mail': email, Password: password })
  await other.tab.getByText('Without the device').click()
  await fill(other.tab, 'Use the recovery code', { 'Recovery code': recovery })
  await other.tab.getByText('9 left').waitFor()
})

t.test('a call that needs both factors asks for the password and then for a code', options, async t => {
  const { tab, app } = await open(t)
  const { email, user, secret } = await guarded(app)
  await fill(tab, 'Sign in', { 'E-mail': email, Password: password })
  await fill(tab, 'Go on', { 'Code of the authenticator app': codeAt(app, { secret }) })
  await tab.getByText('10 left').waitFor()
  app.clock.advance(11 * 60_000)
  await press(tab, 'Make new codes')
  await fill(tab, 'Confirm', { 'Your password': password })
  await fill(tab, 'Confirm the code', { 'Code of the authenticator app': codeAt(app, { secret }) })
  await until(async () => await tab.locator('.codes li').count() === 10)
  t.equal((await app.database`select 1 from recovery_codes where user_id = ${user.id}`).length, 10)
})

t.test('the link of a reset leads to a new passkey', options, async t => {
  const { tab, app, context, origin } = await open(t)
  await authenticate(context, tab)
  const { email, user } = await guarded(app)
  await tab.goto(`${origin}/example/reset-second-factors#token=${await mailedToken(app, 'second_factor_reset', user.id)}`)
  await fill(tab, 'Sign in', { 'E-mail': email, Password: password })
  t.notMatch(tab.url(), /token/)
  await press(tab, 'Add a passkey')
  await until(async () => await tab.locator('.codes li').count() === 10)
  t.strictSame(await app.database`select id from totp_secrets where user_id = ${user.id}`, [])
  t.equal((await app.database`select id from passkeys where user_id = ${user.id}`).length, 1)
})

async function press (tab: Page, name: string) {
  await tab.getByRole('button', { name, exact: true }).first().click()
}

async function signOut (tab: Page) {
  await press(tab, 'Sign out')
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor()
}

/** What a camera reads from the QR code on a page. An empty page, which has no content policy, makes pixels of it. */
async function scan (tab: Page, context: BrowserContext): Promise<string> {
  const png = await tab.getByRole('img', { name: 'QR code' }).screenshot()
  const blank = await context.newPage()
  const { width, height, data } = await blank.evaluate<{ width: number, height: number, data: number[] }>(`(async () => {
    const picture = new Image()
    picture.src = 'data:image/png;base64,${png.toString('base64')}'
    await picture.decode()
    const { naturalWidth: width, naturalHeight: height } = picture
    const canvas = new OffscreenCanvas(width, height).getContext('2d')
    canvas.drawImage(picture, 0, 0)
    return { width, height, data: Array.from(canvas.getImageData(0, 0, width, height).data) }
  })()`)
  await blank.close()
  return decodeQR({ width, height, data: Uint8Array.from(data) })
}

/** Gives the tab an authenticator whose passkeys are backed up. */
async function authenticate (context: BrowserContext, tab: Page) {
  const cdp = await context.newCDPSession(tab)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      automaticPresenceSimulation: true,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      defaultBackupEligibility: true,
      defaultBackupState: true
    }
  })
}
