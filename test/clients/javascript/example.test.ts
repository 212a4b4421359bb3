import t from 'tap'
import { withoutChromium } from '../../browser/chromium.ts'
import { freshAddress, password, signIn, signUp } from '../../support/helper.ts'
import { until } from '../../support/until.ts'
import { fill, open } from './example-world.ts'

const options = { skip: withoutChromium }
const nextPassword = 'an orchard under early snow'

t.test('somebody signs up with the mailed code, changes their name and signs out', options, async t => {
  const { tab, mailTo, app } = await open(t, '#sign-up')
  const email = freshAddress()
  await fill(tab, 'Sign up', { Name: 'Ada King', 'E-mail': email, Password: password })
  await tab.getByRole('heading', { name: 'Confirm your address' }).waitFor()

  t.equal(await tab.evaluate('document.activeElement.name'), 'code', 'the keyboard goes on where the page does')

  const [code = ''] = /\b\d{6}\b/.exec(await mailTo(email)) ?? []
  await fill(tab, 'Confirm', { Code: code })
  await tab.getByText('Your address is confirmed.').waitFor()
  await fill(tab, 'Sign in', { 'E-mail': email, Password: password })
  await tab.getByRole('heading', { name: 'Hello, Ada King' }).waitFor()
  await tab.getByRole('listitem').filter({ hasText: 'this one' }).waitFor()
  t.equal(await tab.getByRole('listitem').count(), 1, 'one session')

  const name = '<img src=x onerror="document.title = 1"> Lovelace'
  await fill(tab, 'Save', { Name: name })
  await tab.getByText('Saved.').waitFor()
  t.equal(await tab.getByRole('heading', { level: 1 }).textContent(), `Hello, ${name}`, 'a name is never read as HTML')
  t.equal(await tab.title(), 'Latchkey example')
  t.match(await app.database`select full_name from users where email = ${email}`, [{ fullName: name }])

  await tab.getByRole('button', { name: 'Sign out', exact: true }).click()
  await tab.getByRole('heading', { name: 'Sign in' }).waitFor()
  t.notMatch(await tab.evaluate('JSON.stringify({ ...localStorage, ...sessionStorage })'), /eyJ|token/i)
})

t.test('another code is sent, and the page says so', options, async t => {
  const { tab, mailTo } = await open(t, '#sign-up')
  const email = freshAddress()
  await fill(tab, 'Sign up', { Name: 'Ada King', 'E-mail': email, Password: password })
  await tab.getByRole('button', { name: 'Send another code' }).click()

  await tab.getByText('Another code is on its way.').waitFor()
  t.match(await mailTo(email), /\b\d{6}\b/)
})

t.test('a wrong password is told in a sentence, and the right one signs in', options, async t => {
  const { tab, app } = await open(t)
  const { email } = await signUp(app)

  await fill(tab, 'Sign in', { 'E-mail': email, Password: nextPassword })
  await tab.getByText('The address or the password is wrong.').waitFor()
  await fill(tab, 'Sign in', { Password: password })
  await tab.getByRole('heading', { name: 'Hello, Ada King' }).waitFor()
  t.equal(await tab.evaluate('document.cookie'), '')
})

t.test('a password that is refused is told beside its field, and nobody is signed up', options, async t => {
  const { tab, app } = await open(t, '#sign-up')
  const email = freshAddress()

  await fill(tab, 'Sign up', { Name: 'Ada King', 'E-mail': email, Password: 'password1' })
  await tab.locator('input[name=password][aria-invalid=true]').waitFor()
  t.not(await tab.locator('label', { hasText: 'Password' }).locator('.error').textContent(), '')
  t.strictSame(await app.database`select from registrations where email = ${email}`, [])
})

t.test('the link of a mail sets a new password and leaves the address bar', options, async t => {
  const { tab, mailTo, app } = await open(t, '#forgotten')
  const { email } = await signUp(app)
  await fill(tab, 'Send a link', { 'E-mail': email })
  await tab.getByText('a mail with a link is on its way').waitFor()

  const [link = ''] = /http\S+#token=\S+/.exec(await mailTo(email, /#token=/)) ?? []
  await tab.goto(link)
  await fill(tab, 'Set password', { 'New password': nextPassword })
  await tab.getByText('The new password holds.').waitFor()
  t.equal(await tab.getByRole('button').count(), 0, 'the link counts once')
  t.notMatch(tab.url(), /token/)

  await tab.getByRole('link', { name: 'Back to sign-in' }).click()
  await fill(tab, 'Sign in', { 'E-mail': email, Password: nextPassword })
  await tab.getByRole('heading', { name: 'Hello, Ada King' }).waitFor()
})

t.test('a session that is ended from the list is over, and the ended page says why', options, async t => {
  const { tab, app } = await open(t)
  const { email } = await signUp(app)
  await fill(tab, 'Sign in', { 'E-mail': email, Password: password })
  await tab.getByText('this one').waitFor()
  const phone = await signIn(app, { email }, { device_name: 'my phone' })

  await tab.reload()
  await tab.getByRole('listitem').filter({ hasText: 'my phone' }).getByRole('button', { name: 'End' }).click()
  await until(async () => await tab.getByRole('listitem').count() === 1)
  t.match(await app.database`select ended_reason from sessions where id = ${phone.session.id}`, [{ endedReason: 'revoked_by_user' }])

  const desk = await open(t)
  await fill(desk.tab, 'Sign in', { 'E-mail': email, Password: password })
  await desk.tab.getByText('this one').waitFor()
  await fill(desk.tab, 'Change password', { 'Current password': password, 'New password': nextPassword })
  await desk.tab.getByText('Changed.').waitFor()
  await fill(tab, 'Save', { Name: 'Ada Lovelace' })
  await tab.getByText('The password was changed.').waitFor()
})
