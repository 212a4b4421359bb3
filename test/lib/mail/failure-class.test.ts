import t from 'tap'
import { failureClassOf } from '../../../lib/mail/failure-class.ts'
import { createMissingTransport, createServerTransport } from '../../../lib/mail/transports.ts'
import type { Message } from '../../../lib/mail/mailer.ts'

const message: Message = {
  kind: 'locked', from: { name: '', address: 'us@example.com' }, to: 'ada@example.com', subject: '', text: '', html: '', messageId: 'a@b', headers: {}
}

t.test('each failure of a transport has its class', async t => {
  for (const [failure, error] of [
    ['bounced', { message: '550 5.1.1 no such user', command: 'RCPT TO', responseCode: 550 }],
    ['refused_for_good', { message: '554 5.7.1 looks like spam', command: 'DATA', responseCode: 554 }],
    ['refused', { message: '451 come again', command: 'RCPT TO', responseCode: 451 }],
    ['certificate', { message: 'self-signed certificate' }],
    ['sign_in', { message: '535 no', code: 'EAUTH', responseCode: 535 }],
    ['unreachable', { message: 'connect ECONNREFUSED', code: 'ESOCKET' }]
  ] as const) {
    const server = { use: () => {}, sendMail: async () => { throw Object.assign(new Error(), error) } }
    const { deliver } = createServerTransport(server, { verify: async () => {} })
    t.equal(failureClassOf(await textOf(() => deliver(message))), failure)
  }
  t.equal(failureClassOf(await textOf(() => createMissingTransport().deliver(message))), 'not_configured')
})

t.test('a text that a handler or a server could have chosen is of no class', async t => {
  for (const text of ['', 'bounced', 'TypeError: mail: bounced: x', 'mail: https://evil.example: x']) t.equal(failureClassOf(text), 'other', text)
})

async function textOf (work: () => Promise<unknown>): Promise<string> {
  return await work().then(() => '', (error: Error) => error.message)
}
