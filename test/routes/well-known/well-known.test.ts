import t from 'tap'
import { build } from '../../support/helper.ts'

t.test('password managers are redirected to the form', async t => {
  const app = await build(t, { APP_URL: 'http://localhost:5173/app/' })
  const answer = await app.inject({ url: '/.well-known/change-password', headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' } })

  t.match(answer, { statusCode: 302, headers: { location: 'http://localhost:5173/app/change-password' } })
  t.match(await app.inject('/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200'), { statusCode: 404 })
})

t.test('security.txt says whom to notify, and until when it is valid (RFC 9116)', async t => {
  const app = await build(t, { SECURITY_CONTACT: 'mailto:security@example.com' })
  const answer = await app.inject('/.well-known/security.txt')
  const expires = Date.parse(/^Expires: (.+)$/m.exec(answer.body)?.[1] ?? '')

  t.match(answer, { statusCode: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } })
  t.match(answer.body, /^Contact: mailto:security@example\.com$/m)
  t.match(answer.body, /^Canonical: http:\/\/localhost:3000\/\.well-known\/security\.txt$/m)
  t.ok(expires > Date.now() && expires < Date.now() + 365 * 86_400_000)
})

t.test('without a contact there is no security.txt', async t => {
  const app = await build(t)
  t.match(await app.inject('/.well-known/security.txt'), { statusCode: 404 })
})
