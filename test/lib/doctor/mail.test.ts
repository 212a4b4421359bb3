import Fastify from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import { examineMail } from '../../../lib/doctor/mail.ts'
import mailer from '../../../plugins/mail/mailer.ts'
import { createAuthority } from '../../stores/certificates.ts'
import { startMailServer } from '../../support/outside/mail-server.ts'

t.test('a certificate that nobody vouches for is found, until its authority is named', async t => {
  const authority = createAuthority('Latchkey test')
  const { url } = await startMailServer(t, { secure: true, ...authority.issue('127.0.0.1') })

  t.strictSame(await codes(t, url), ['unsafe mail_certificate'])
  t.strictSame(await codes(t, url, authority.cert), [])
})

t.test('a server that answers and refuses is found, until it does not', async t => {
  let isRefusing = true
  const { url } = await startMailServer(t, {
    onConnect: (_session, callback) => callback(isRefusing ? Object.assign(new Error('not you'), { responseCode: 554 }) : null)
  })

  t.strictSame(await codes(t, url), ['unsafe mail_refused'])
  isRefusing = false
  t.strictSame(await codes(t, url), [])
})

/** What is found at a mail server. */
async function codes (t: Pick<Test, 'teardown'>, smtpUrl: string, authority: string | null = null) {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(mailer, {
    smtpUrl, authority, from: { name: '', address: 'no-reply@acme.example' }, dataDir: '/nonexistent', appUrl: 'https://acme.example', environment: 'test'
  })
  return (await examineMail(app.mailer)).map(({ severity, code }) => `${severity} ${code}`)
}
