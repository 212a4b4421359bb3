import t from 'tap'
import { createMailer } from '../../lib/mailer.ts'
import type { Mail, Message } from '../../lib/mailer.ts'

const names = {
  markup: '<img src=x onerror=alert(1)>"\'&</p><script>alert(1)</script>',
  template: '{{7*7}} $' + '{7*7} <%= 7*7 %> #{7*7} %s $&',
  header: 'Ada\r\nBcc: eve@example.com\r\n\r\nbody',
  lines: 'Ada\u2028Bcc: eve@example.com\u0085\u0000\u000b',
  direction: '\u202egnp.exe\u2066\u200b',
  long: 'x'.repeat(10_000)
}

t.test('every kind has a subject, the same words as text and as HTML, and its header', async t => {
  for (const mail of everyKind('Ada King')) {
    const message = await sent(mail)

    t.match(message, {
      kind: mail.kind,
      from: 'Acme Schools <no-reply@acme.example>',
      to: 'ada@example.com',
      subject: /Acme Schools/,
      headers: { 'X-Latchkey-Mail': mail.kind, 'Auto-Submitted': 'auto-generated' },
      messageId: /^[0-9a-f]{32}@acme\.example$/
    })
    t.match(message.html, /^<!doctype html>\n<html lang="en">/)
    t.notMatch(message.html, /<img|<script|src=|@import|url\(/, 'it loads nothing')
    for (const words of wordsOf(message.text)) t.ok(wordsOf(message.html).includes(words), words)
  }
})

t.test('the code stands out in both forms and nothing else looks like one', async t => {
  const message = await sent(verify({ code: '004271', minutes: 10 }))

  t.match(message.text, /^ {4}004271$/m)
  t.same(message.text.match(/\b\d{6}\b/g), ['004271'])
  t.same(message.html.match(/\b\d{6}\b/g), ['004271'])
  t.match(message.text, 'valid for 10 minutes')
  t.match((await sent(verify({ code: '004271', minutes: 1 }))).text, 'valid for 1 minute ')
  t.notMatch(message.subject, '004271', 'subjects lie open on locked screens')
})

t.test('what a stranger calls themself is not in the mail to the address they typed', async t => {
  t.notMatch(await sent(verify({ code: '123456', minutes: 10 })), /King/)
})

t.test('markup, template syntax, line breaks and turned text in a name stay text', async t => {
  for (const [what, name] of Object.entries(names)) {
    for (const mail of everyKind(name)) {
      const { subject, html, text, headers, to } = await sent(mail)

      t.notMatch(`${subject}${to}${Object.values(headers).join('')}`, /[\p{Cc}\p{Cf}\u2028\u2029]/u, what)
      t.notMatch(`${text}${html}`, /[^\P{Cc}\n]|[\p{Cf}\u2028]/u, what)
      t.notMatch(html, /<img|<script|onerror=alert\(1\)>|<\/p><script/, what)
      t.notMatch(`${text}${html}`, /\b49\b/, 'nothing is evaluated')
      t.equal(text.split('\n').filter(line => line.startsWith('Bcc:')).length, 0, what)
      t.ok(text.length < 2000)
    }
  }
  t.match((await sent(changed(names.markup))).html, '&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;&lt;/p&gt;')
})

t.test('a link in HTML cannot break out of its attribute', async t => {
  const message = await sent({ ...changed('Ada'), values: { name: 'Ada', at: new Date(0), appUrl: 'https://app.example/?a="><script>' } })
  t.match(message.html, 'href="https://app.example/?a=&quot;&gt;&lt;script&gt;"')
})

t.test('a recipient that is not exactly one address gets nothing', async t => {
  for (const to of ['ada@example.com, eve@example.com', 'ada@example.com\r\nBcc: eve@example.com', 'Ada <ada@example.com>', '"a,b"@example.com', 'ada@EXAMPLE.com', '', 'undisclosed:;']) {
    const delivered: Message[] = []
    const mailer = createMailer({ deliver: async message => { delivered.push(message) }, probe: async () => 0 }, { from: 'no-reply@acme.example' })

    await t.rejects(mailer.deliver({ ...verify({ code: '123456', minutes: 10 }), to }), /not one address/)
    t.same(delivered, [])
  }
})

t.test('a second mail about the same thing is the same to a mail program, another is not', async t => {
  const [one, again, other] = [await sent(verify({}, 'a 1')), await sent(verify({}, 'a 1')), await sent(verify({}, 'a 2'))]

  t.equal(one.messageId, again.messageId)
  t.not(one.messageId, other.messageId)
})

t.test('a language that is not there yet is answered in English', async t => {
  for (const locale of ['de-CH', 'en-GB', 'EN', '', '__proto__', 'constructor', 'zh_Hant']) {
    t.match((await sent({ ...changed('Ada'), locale })).subject, 'password was changed', locale)
  }
})

t.test('without a display name the service is called by its domain', async t => {
  const message = await sent(changed('Ada'), 'no-reply@acme.example')
  t.match(message.subject, 'Your acme.example password was changed')
  t.match((await sent(changed('Ada'), '"Acme, Inc." <no-reply@acme.example>')).subject, 'Your Acme, Inc. password')
})

async function sent (mail: Mail, from = 'Acme Schools <no-reply@acme.example>'): Promise<Message> {
  const delivered: Message[] = []
  await createMailer({ deliver: async message => { delivered.push(message) }, probe: async () => 0 }, { from }).deliver(mail)

  const [message] = delivered
  if (message === undefined) throw new Error('nothing was delivered')
  return message
}

function verify (values: { code?: string, minutes?: number } = {}, about = 'a 1'): Mail {
  return { kind: 'verify_email', to: 'ada@example.com', locale: 'en', about, values: { code: '123456', minutes: 10, ...values } }
}

function changed (name: string): Extract<Mail, { kind: 'password_changed' }> {
  return { kind: 'password_changed', to: 'ada@example.com', locale: 'en', about: 'b', values: { name, at: new Date('2026-11-20T11:12:00Z'), appUrl: 'https://app.example' } }
}

function everyKind (name: string): Mail[] {
  const reader = { to: 'ada@example.com', locale: 'en', about: 'c' }
  return [
    verify(),
    changed(name),
    { ...reader, kind: 'already_registered', values: { name, appUrl: 'https://app.example' } },
    { ...reader, kind: 'reuse_detected', values: { name, device: name, at: new Date(0), appUrl: 'https://app.example' } },
    { ...reader, kind: 'reuse_detected', values: { name, device: null, at: new Date(0), appUrl: 'https://app.example' } },
    ...(['strangers', 'device', 'session'] as const).map(lane => ({ ...reader, kind: 'locked' as const, values: { name, lane, until: new Date(0), appUrl: 'https://app.example' } }))
  ]
}

/** The sentences of a mail, without what only one of the forms has. */
function wordsOf (form: string) {
  return form.replace(/<(style|title)[^]*?<\/\1>/g, '').split(/\n|<[^>]+>/).map(line => line.trim().replaceAll('&#39;', "'"))
    .filter(line => line !== '' && line !== '--' && !line.includes('https://'))
}
