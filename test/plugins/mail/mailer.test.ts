import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { domainToASCII } from 'node:url'
import t from 'tap'
import type { Test } from 'tap'
import Fastify from 'fastify'
import { createTransport } from 'nodemailer'
import { parseMailbox } from '../../../lib/config/addresses/mailbox.ts'
import type { Mailbox } from '../../../lib/config/addresses/mailbox.ts'
import type { Mail, Message } from '../../../lib/mail/mailer.ts'
import { createServerTransport, sendSettings, serverSettings } from '../../../lib/mail/transports.ts'
import mailer from '../../../plugins/mail/mailer.ts'
import { createAuthority } from '../../stores/certificates.ts'
import { decodeWords, headersOf, partsOf, startMailServer } from '../../support/outside/mail-server.ts'
import { startStopwatch } from '../../support/stopwatch.ts'

const verify: Mail = { kind: 'verify_email', to: 'ada@example.com', name: null, locale: 'en', about: 'a 1', values: { code: '004271', minutes: 10 } }
const message: Message = {
  kind: 'verify_email',
  from: { name: '', address: 'no-reply@acme.example' },
  to: 'ada@example.com',
  subject: 'Code',
  text: '004271',
  html: '004271',
  messageId: 'a@acme.example',
  headers: {}
}
/** How long (ms) a server may take here until it has a mail. */
const handOverMs = 2000

t.test('a mail reaches the server: one recipient, text and HTML, its kind in the header', async t => {
  const server = await startMailServer(t)
  const app = await start(t, { smtpUrl: server.url })
  await app.mailer.deliver(verify)

  t.match(server.mails, [{ from: 'no-reply@acme.example', to: ['ada@example.com'] }])
  const raw = String(server.mails[0]?.raw)
  const headers = headersOf(raw)
  for (const header of ['From: Acme <no-reply@acme.example>', 'To: ada@example.com', 'Subject: Confirm your email address for Acme', 'X-Latchkey-Mail: verify_email', 'Auto-Submitted: auto-generated']) {
    t.ok(headers.includes(header), header)
  }
  t.match(headers.find(header => header.startsWith('Message-ID')), /^Message-ID: <[0-9a-f]{32}@acme\.example>$/)
  t.match(headers.find(header => header.startsWith('Content-Type')), /multipart\/alternative/)
  t.match(partsOf(raw).text, /^ {4}004271\s*$/m)
  t.match(partsOf(raw).html, />\s*004271\s*</)
  t.ok(await app.mailer.probe() >= 0)
})

t.test('the sender is named as the settings name it, whatever characters its name has', async t => {
  const senders: [setting: string, header: string, subject: string, domain: string][] = [
    ['"Acme: Schools" <no-reply@acme.example>', 'From: "Acme: Schools" <no-reply@acme.example>', 'Acme: Schools', 'acme.example'],
    ['"Acme \\"Best\\" Ltd" <no-reply@acme.example>', 'From: "Acme \\"Best\\" Ltd" <no-reply@acme.example>', 'Acme "Best" Ltd', 'acme.example'],
    ['Buecher <post@bücher.example>', 'From: Buecher <post@xn--bcher-kva.example>', 'Buecher', 'xn--bcher-kva.example'],
    ['post@acme.example', 'From: post@acme.example', 'acme.example', 'acme.example']
  ]

  for (const [setting, header, service, domain] of senders) {
    const server = await startMailServer(t)
    const app = await start(t, { smtpUrl: server.url, from: parseMailbox(setting) })
    await app.mailer.deliver(verify)

    const headers = headersOf(String(server.mails[0]?.raw))
    t.ok(headers.includes(header), `${header} in ${headers.join('\n')}`)
    t.ok(headers.map(decodeWords).includes(`Subject: Confirm your email address for ${service}`), service)
    t.ok(headers.some(line => line.startsWith('Message-ID: <') && line.endsWith(`@${domain}>`)), domain)
    t.equal(domainToASCII(String(server.mails[0]?.from.split('@')[1])), domain, 'in the envelope as well')
  }
})

t.test('the content of a name adds no header and no recipient', async t => {
  const server = await startMailServer(t)
  const app = await start(t, { smtpUrl: server.url })
  const name = 'Ada\r\nBcc: eve@example.com\r\nX-Evil: 1\r\n\r\n.\r\nMAIL FROM:<eve@example.com>'
  await app.mailer.deliver({ kind: 'password_changed', to: 'ada@example.com', name, locale: 'en', about: 'b', values: { how: 'changed', appUrl: 'https://app.example' } })

  t.equal(server.mails.length, 1)
  t.same(server.mails[0]?.to, ['ada@example.com'])
  const headers = headersOf(String(server.mails[0]?.raw))
  t.notOk(headers.some(header => /^(bcc|x-evil)/i.test(header)))
  t.same(headers.map(header => header.split(':')[0]).toSorted(), ['Auto-Submitted', 'Content-Type', 'Date', 'From', 'MIME-Version', 'Message-ID', 'Subject', 'To', 'X-Latchkey-Mail'])
})

t.test('twenty mails at once take no more connections than the pool has', async t => {
  let open = 0
  let maxOpen = 0
  const server = await startMailServer(t, {
    onConnect: (_, callback) => { maxOpen = Math.max(maxOpen, ++open); callback() },
    onClose: () => { open-- }
  })
  const app = await start(t, { smtpUrl: server.url })
  await Promise.all(Array.from({ length: 20 }, (_, index) => app.mailer.deliver({ ...verify, about: `a ${index}` })))

  t.equal(server.mails.length, 20)
  t.ok(maxOpen <= 4, `${maxOpen}`)
})

t.test('a refusal is an error that names no address', async t => {
  const server = await startMailServer(t, { onRcptTo: ({ address }, _, callback) => callback(new Error(`no such user ${address}`)) })
  const app = await start(t, { smtpUrl: server.url })
  const error = await app.mailer.deliver(verify).then(() => null, error => error)

  t.match(error.message, /no such user/)
  t.notMatch(`${error.message}${error.stack}${error.cause}`, /ada@/)
})

t.test('an answer of a server is one line of plain text, however long it is and whatever is in it', async t => {
  const answers = new Map([
    ['long@example.com', 'x'.repeat(900_000)],
    ['raw@example.com', 'no\u0000 \u001b]0;owned\u0007\u001b[2J such\u202e user'],
    ['link@example.com', 'see https://post.example/why?who=link%40example.com and ask']
  ])
  const server = await startMailServer(t, {
    onRcptTo: ({ address }, _, callback) => callback(new Error(answers.get(address)))
  })
  const app = await start(t, { smtpUrl: server.url })
  const answerTo = async (to: string) => String(await failureOf(app.mailer.deliver({ ...verify, to })))

  t.match(await answerTo('long@example.com'), /^MailFailure: mail: bounced: .* x{100,250}$/)
  t.match(await answerTo('raw@example.com'), /^MailFailure: mail: bounced: .*no \]0;owned \[2J such user$/)
  t.match(await answerTo('link@example.com'), /^MailFailure: mail: bounced: .*see … and ask$/)
})

t.test('only a recipient or a mail that is refused with 5xx is refused for good', async t => {
  const cases: [object, { reason: string, isPermanent: boolean, isBounce?: boolean, message?: RegExp }][] = [
    [{ onRcptTo: refusing(550) }, { reason: 'refused', isPermanent: true, isBounce: true, message: /^mail: bounced: / }],
    [{ onRcptTo: refusing(550, '5.1.1 no such user') }, { reason: 'refused', isPermanent: true, isBounce: true }],
    [{ onData: refusing(552, '5.2.2 mailbox full') }, { reason: 'refused', isPermanent: true, isBounce: true }],
    [{ onRcptTo: refusing(550, '5.7.1 on a block list: 5.1.1.1') }, { reason: 'refused', isPermanent: true, isBounce: false, message: /^mail: refused for good: / }],
    [{ onRcptTo: refusing(451) }, { reason: 'refused', isPermanent: false }],
    [{ onData: refusing(554) }, { reason: 'refused', isPermanent: true, isBounce: false }],
    [{ onMailFrom: refusing(553) }, { reason: 'refused', isPermanent: false }],
    [{ onRcptTo: refusing(503, '5.5.1 out of sequence') }, { reason: 'refused', isPermanent: false }]
  ]

  for (const [options, failure] of cases) {
    const server = await startMailServer(t, options)
    const app = await start(t, { smtpUrl: server.url })
    t.match(await failureOf(app.mailer.deliver(verify)), failure, JSON.stringify([Object.keys(options), failure]))
  }
  const server = await startMailServer(t, { authOptional: false, onAuth: (_auth, _session, callback) => callback(new Error('no')) })
  const app = await start(t, { smtpUrl: server.url.replace('//', '//lk:wrong@') })
  t.match(await failureOf(app.mailer.deliver(verify)), { reason: 'sign_in', isPermanent: false }, 'a wrong password is for an operator to mend')

  function refusing (responseCode: number, text = 'no') {
    return (
      given: AsyncIterable<unknown> & { resume?: () => void },
      _session: unknown,
      callback: (error: Error) => void
    ) => {
      given.resume?.()
      callback(Object.assign(new Error(text), { responseCode }))
    }
  }
})

t.test('a private authority is trusted if SMTP_CA_FILE names it, and TLS is then required', async t => {
  const authority = createAuthority('Latchkey test')
  const server = await startMailServer(t, { secure: true, ...authority.issue('127.0.0.1') })
  const strict = await start(t, { smtpUrl: server.url })
  t.match(await failureOf(strict.mailer.deliver(verify)), { reason: 'certificate', isPermanent: false })
  t.match(await failureOf(strict.mailer.probe()), { reason: 'certificate' })

  const trusting = await start(t, { smtpUrl: server.url, authority: authority.cert })
  await trusting.mailer.deliver(verify)
  t.match(server.mails, [{ isSecure: true }])

  const plain = await startMailServer(t)
  const never = await start(t, { smtpUrl: plain.url, authority: authority.cert })
  await t.rejects(never.mailer.deliver(verify), /TLS/)
})

t.test('a server that is away or silent is an error within the time-outs', async t => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  t.teardown(() => silent.close())
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo

  const away = await start(t, { smtpUrl: 'smtp://127.0.0.1:1' })
  t.match(await failureOf(away.mailer.deliver(verify)), { message: /mail:/, reason: 'unreachable', isPermanent: false })
  await t.rejects(away.mailer.probe(), /mail:/)

  const passed = startStopwatch()
  const mute = await start(t, { smtpUrl: `smtp://127.0.0.1:${port}` })
  await t.rejects(mute.mailer.deliver(verify), /mail:/)
  t.ok(passed() < 12_000)
})

t.test('a server that has all of a mail is waited for, and gets it once', async t => {
  let received = 0
  const server = await startMailServer(t, {
    onData: (stream, _session, callback) => {
      received++
      stream.resume().on('end', () => setTimeout(callback, 2 * handOverMs))
    }
  })
  await startTransport(t, server.url, { handOverMs, answerMs: 60_000 }).deliver(message)
  t.equal(received, 1)

  await t.test('but not without end', async t => {
    const mute = await startMailServer(t, { onData: stream => stream.resume() })
    const transport = startTransport(t, mute.url, { handOverMs, answerMs: 100 })
    t.match(await failureOf(transport.deliver(message)), { reason: 'unreachable', isPermanent: false })
  })
})

t.test('a server that falls silent before it has a mail is given up soon', async t => {
  const server = await startMailServer(t, { onRcptTo: () => {} })
  const transport = startTransport(t, server.url, { handOverMs: 500, answerMs: 600_000 })
  t.match(await failureOf(transport.deliver(message)), { reason: 'unreachable', isPermanent: false })
  t.same(server.mails, [])
})

t.test('a mail is waited for by minutes, a connection and a probe by seconds', async t => {
  const { socketTimeout, ...others } = sendSettings('smtp://127.0.0.1')
  t.ok(socketTimeout >= 240_000)
  t.match(others, { connectionTimeout: 5000, greetingTimeout: 5000 })
  t.equal(serverSettings('smtp://127.0.0.1').socketTimeout, 10_000)
})

t.test('a password is used, and sent to another machine only under TLS', async t => {
  const users: unknown[] = []
  const server = await startMailServer(t, {
    authOptional: false,
    onAuth: ({ username, password }, _, callback) => {
      users.push([username, password])
      callback(null, { user: username })
    }
  })
  const app = await start(t, { smtpUrl: server.url.replace('//', '//lk:s%40crt@') })
  await app.mailer.deliver(verify)
  t.same(users, [['lk', 's@crt']])

  // The same server, under a name that is not recognised as this machine.
  const elsewhere = await start(t, { smtpUrl: server.url.replace('//', '//lk:secret@').replace('127.0.0.1', 'LOCALHOST') })
  await t.rejects(elsewhere.mailer.deliver(verify), /TLS/)
  t.equal(users.length, 1, 'no password went over')
})

t.test('smtps speaks TLS from the start and trusts no unknown certificate', async t => {
  const server = await startMailServer(t, { secure: true })
  const strict = await start(t, { smtpUrl: server.url })
  await t.rejects(strict.mailer.deliver(verify), /certificate|self.signed/i)
  t.same(server.mails, [])

  const lax = await start(t, { smtpUrl: `${server.url}?tls.rejectUnauthorized=false` })
  await lax.mailer.deliver(verify)
  t.match(server.mails, [{ isSecure: true }])
})

t.test('in development a mail becomes a file that only its owner reads, and is shown with its code', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'latchkey-mails-'))
  t.teardown(() => rmSync(dataDir, { recursive: true }))
  const lines: string[] = []
  const app = await start(t, { dataDir, environment: 'development', lines })
  await app.mailer.deliver(verify)

  const [file = '', ...others] = readdirSync(join(dataDir, 'mails'))
  t.same(others, [])
  t.match(file, /^\d{4}-\d\d-\d\dT.*-verify_email-[0-9a-f]{8}\.eml$/)
  t.equal(statSync(join(dataDir, 'mails', file)).mode & 0o777, 0o600)
  t.match(readFileSync(join(dataDir, 'mails', file), 'utf8'), /X-Latchkey-Mail: verify_email\r?\n/)
  t.match(lines.join(''), /004271/)
  t.equal(await app.mailer.probe(), 0)
})

t.test('in production without a server every mail fails and no code is shown', async t => {
  const lines: string[] = []
  const app = await start(t, { environment: 'production', lines })

  await t.rejects(app.mailer.deliver(verify), /SMTP_URL is not set/)
  await t.rejects(app.mailer.probe(), /SMTP_URL is not set/)
  t.notMatch(lines.join(''), /004271/)
})

/** A transport that waits for less than the server's. */
function startTransport (t: Test, url: string, limits: Parameters<typeof createServerTransport>[2]) {
  const server = createTransport(sendSettings(url))
  t.teardown(() => server.close({ force: true }))
  return createServerTransport(server, server, limits)
}

async function failureOf (work: Promise<unknown>): Promise<unknown> {
  return await work.then(() => null, error => error)
}

async function start (t: Test, { lines = [], ...options }: { smtpUrl?: string, authority?: string, dataDir?: string, environment?: 'development' | 'test' | 'production', from?: Mailbox, lines?: string[] }) {
  const app = Fastify({ logger: { stream: { write: (line: string) => { lines.push(line) } } } })
  t.teardown(() => app.close())

  await app.register(mailer, {
    smtpUrl: null, authority: null, from: { name: 'Acme', address: 'no-reply@acme.example' }, dataDir: '/nonexistent', appUrl: 'https://app.example', environment: 'test', ...options
  })
  return app
}
